"""An upstream that dies: its refused tries are failures of the arm that was tried first, whatever
nginx makes of them for the client."""
import harness
from harness import DeploymentTest


class DyingUpstream(DeploymentTest):
    def roll_back_by_death(self, **config):
        load = self.start_canary(**config)
        self.candidate.kill()
        status = self.wait_for_phase("rolled_back")
        decision = self.wait_for_kind("rolled_back")
        self.assertIn("rate(candidate.failed) > 5%", decision["rule"])
        self.assert_baseline_only()
        _, records = load.finish()
        return status, records

    def test_refused_connections_count_as_failures(self):
        _, records = self.roll_back_by_death()
        self.assertGreater(sum(record["status"] == 502 for record in records), 0)

    def test_behind_an_error_page(self):
        """The client gets the fallback's 200; the candidate is judged by its own failure."""
        fallback = """location @fallback {
            add_header X-Release-Variant $release_variant always;
            return 200 "{}";
        }"""
        _, records = self.roll_back_by_death(
            location="proxy_intercept_errors on; error_page 500 502 503 504 =200 @fallback;",
            server=fallback)
        self.assertEqual({record["status"] for record in records}, {200})

    def test_behind_an_error_page_with_answers_500(self):
        """The same for a candidate that answers, but badly, with another upstream as fallback."""
        fallback = """location @fallback {
            proxy_pass http://baseline;
            add_header X-Release-Variant $release_variant always;
        }"""
        load = self.start_canary(
            location="proxy_intercept_errors on; error_page 500 502 503 504 = @fallback;",
            server=fallback)
        self.candidate.fault(error_share=0.5)
        self.wait_for_phase("rolled_back")
        _, records = load.finish()
        self.assertEqual({record["status"] for record in records}, {200})
        counters = self.sidecar.status()["counters"]
        # Once a request, though two upstreams were asked: never more observations than requests.
        self.assertLessEqual(counters["observed"], len(records) + 200)

    def break_off(self, location):
        self.deployment.start(location=location)
        self.candidate.stop()
        cut = harness.StubServer(self.candidate.port, length=1000, sent=10)
        self.addCleanup(cut.stop)
        self.sidecar.start()
        # No request comes before the server that breaks off: nothing else can have failed.
        load = self.deployment.load(harness.RATE, 40)
        self.wait_for_phase("rolled_back")
        self.assertIn("rate(candidate.failed) > 5%", self.wait_for_kind("rolled_back")["rule"])
        self.assert_baseline_only()
        load.finish()

    def test_a_response_that_breaks_off(self):
        """The status was 200 and half of the body came: no answer at all."""
        self.break_off("")

    def test_a_response_that_breaks_off_unbuffered(self):
        self.break_off("proxy_buffering off;")

    def test_behind_the_next_upstream(self):
        """nginx tries a healthy server next; the first try was the candidate's failure."""
        self.deployment.baseline.start()
        _, records = self.roll_back_by_death(
            candidate_extra=f"server 127.0.0.1:{self.deployment.baseline.port} backup;",
            location="proxy_next_upstream error timeout;")
        self.assertEqual({record["status"] for record in records}, {200})


if __name__ == "__main__":
    harness.main()
