"""Alerts in a real Alertmanager: there once after a rollback, resolved by an acknowledgement."""
import json
import subprocess
import urllib.request

import harness
from harness import WayBackTest, free_port, wait_until

CONFIG = """
route: {receiver: nobody}
receivers: [{name: nobody}]
"""


class Alerts(WayBackTest):
    def setUp(self):
        super().setUp()
        (self.folder / "am.yml").write_text(CONFIG)
        self.port = free_port()
        self.alertmanager = subprocess.Popen(
            ["prometheus-alertmanager", f"--config.file={self.folder}/am.yml",
             f"--storage.path={self.folder}/am", f"--web.listen-address=127.0.0.1:{self.port}",
             "--cluster.listen-address="],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop_alertmanager)
        wait_until("Alertmanager", self.is_ready)

    def stop_alertmanager(self):
        self.alertmanager.kill()
        self.alertmanager.wait()

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return answer.read()

    def is_ready(self):
        try:
            return self.get("/-/ready")
        except OSError:
            return None

    def alerts(self, active):
        path = f"/api/v2/alerts?active={str(active).lower()}"
        return json.loads(self.get(path))

    def test_an_alert_stands_until_somebody_acknowledges_it(self):
        run = self.relc('    notify alertmanager "risk"\n    quarantine candidate\n',
                        f"alertmanager: http://127.0.0.1:{self.port}\n")
        back = self.roll_back(run)
        run.wait_for("quarantined")
        alerts = self.alerts(active=True)
        self.assertEqual(len(alerts), 1)
        labels = alerts[0]["labels"]
        self.assertEqual(labels["alertname"], "ReleaseWentBack")
        self.assertEqual(labels["release"], "checkout")
        self.assertEqual(labels["receiver"], "risk")
        self.assertEqual(labels["severity"], "critical")
        self.assertEqual(alerts[0]["annotations"]["description"], back["because"])
        self.assertEqual(alerts[0]["status"]["state"], "active")

        run.ask("acknowledge", "--why", "on it")
        wait_until("the end of the alert", lambda: not self.alerts(active=True))
        self.assertTrue(run.decisions("reviewed"))


if __name__ == "__main__":
    harness.main()
