"""The report after a rollback: a Markdown file, and a page that a browser shows as it is meant."""
import html.parser
import json
import re
import struct
import subprocess
import xml.etree.ElementTree
import zlib

import harness
from harness import WayBackTest


class Outline(html.parser.HTMLParser):
    """Tags that were opened and not closed, headings, and everything that would load something."""
    VOID = {"meta", "br", "path", "line"}

    def __init__(self):
        super().__init__()
        self.open, self.headings, self.loads, self.problems = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.loads += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] == "h2":
            self.headings.append(data.strip())


def pixels(path):
    """Width, height and the bytes of the rows of an 8-bit PNG without interlacing."""
    data = path.read_bytes()
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert depth == 8 and colour in (2, 6), (depth, colour)
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += size + 12
    return width, height, zlib.decompress(packed)


class Report(WayBackTest):
    def browser(self, *arguments):
        return subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             f"--user-data-dir={self.folder}/browser", *arguments],
            capture_output=True, text=True, timeout=90)

    def test_the_page_opens_in_a_browser(self):
        run = self.relc('    notify by command ["/bin/true"]\n    report "postmortem.md"\n'
                        "    quarantine candidate\n", "commands: [/bin/true]\n")
        self.roll_back(run)
        run.wait_for("quarantined")
        folder = next((run.state / "reports").iterdir())
        text = (folder / "postmortem.md").read_text()
        page = folder / "postmortem.html"
        self.assertIn("# Rolled back: release `checkout` of `scorer`", text)
        self.assertIn("What in the system, not who, made it possible?", text)

        outline = Outline()
        outline.feed(page.read_text())
        self.assertEqual(outline.open, [])
        self.assertEqual(outline.problems, [])
        self.assertEqual(outline.loads, [], "it needs nothing beside itself")
        self.assertEqual(outline.headings,
                         ["The trigger", "Over time", "What was affected", "Timeline",
                          "The way back", "Who was told", "Open questions"])

        shown = self.browser("--dump-dom", page.as_uri())
        self.assertEqual(shown.returncode, 0, shown.stderr[-500:])
        # The browser's own tree still has every plot with its lines: share, and the trigger's rate
        # in each region.
        plots = re.findall(r"<svg.*?</svg>", shown.stdout, re.S)
        self.assertEqual(len(plots), 3)
        rate = next(p for p in plots if "in region eu" in p)
        self.assertIn("limit 20%", rate)
        self.assertIn("rolled back", rate)
        self.assertEqual(len(re.findall(r'<path d="M[^"]*L', rate)), 2, "both arms are drawn")

        image = self.folder / "page.png"
        self.browser(f"--screenshot={image}", "--window-size=1000,3200", page.as_uri())
        width, height, rows = pixels(image)
        self.assertEqual((width, height), (1000, 3200))
        self.assertGreater(len(set(zlib.compress(rows[i:i + 4000])
                                   for i in range(0, len(rows) - 4000, 4000 * 40))), 20,
                           "the page is not blank")

    def test_a_policy_gives_its_own_template(self):
        (self.folder / "review.md").write_text(
            "# Review: {{ title }}\n\nOur <own> words.\n\n## What happened\n\n{{ summary }}\n\n"
            "{{ timeline }}\n")
        run = self.relc('    report "review.md" template "review.md"\n', "")
        back = self.roll_back(run)
        run.wait_for("action_done")
        folder = next((run.state / "reports").iterdir())
        text = (folder / "review.md").read_text()
        self.assertTrue(text.startswith(
            "# Review: Rolled back: release `checkout` of `scorer`\n\nOur <own> words.\n\n"
            f"## What happened\n\n{back['because']}\n\n- "), text[:300])
        self.assertNotIn("The trigger", text)
        page = (folder / "review.html").read_text()
        self.assertIn("<p>Our &lt;own&gt; words.</p>", page)
        self.assertIn("<h2>What happened</h2>", page)
        self.assertNotIn("The trigger", page)

        (self.folder / "review.md").write_text("# {{ title }}\n{{ blame }}\n")
        refused = subprocess.run([harness.build_dir() / "bin" / "relc", "check",
                                  self.folder / "p.release"], capture_output=True, text=True)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("the template names `blame`, which is no section", refused.stdout)

    def test_a_simulation_is_drawn(self):
        policy = self.folder / "p.release"
        policy.write_text(harness.POLICY % {"steps": '    report "r.md"\n', "needs": ""})
        events = self.folder / "events.ndjson"
        with events.open("w") as file:
            for tenth in range(120):
                for variant in ("baseline", "candidate"):
                    for number in range(10):
                        failed = variant == "candidate" and tenth > 80 and number < 6
                        file.write(json.dumps({
                            "type": "observation", "id": f"{variant}{tenth}-{number}",
                            "time": f"2026-03-01T12:00:{tenth // 10:02d}.{tenth % 10}00Z",
                            "variant": variant, "lane": "live", "segment": {"region": "eu"},
                            "failed": failed, "latency": 0.05}) + "\n")
        drawing = self.folder / "out.svg"
        done = subprocess.run(
            [harness.build_dir() / "bin" / "relc", "simulate", policy, "--events", events,
             "--plot", drawing, "--expect", "rolled_back"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        tree = xml.etree.ElementTree.parse(drawing)
        words = [e.text for e in tree.iter("{http://www.w3.org/2000/svg}text")]
        for expected in ("traffic given to the candidate",
                         "rate(candidate.failed) over 2s in region eu", "limit 20%", "rolled back", "canary 50%"):
            self.assertIn(expected, words)


if __name__ == "__main__":
    harness.main()
