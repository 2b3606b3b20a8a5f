#!/usr/bin/env python3
"""`relc graph` of every example: an SVG in which all is drawn inside, dot with every stage and edge.

Usage: test_graph.py RELC SOURCE_DIR
"""
import pathlib
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree as xml

RELC = str(pathlib.Path(sys.argv[1]).resolve())
EXAMPLES = pathlib.Path(sys.argv[2]).resolve() / "examples"

POLICY = """model m {
  baseline  = mlflow("m/1")
  candidate = mlflow("m/2 & <3>")
}
metric failed : flag per request
release r of m {
  unknown { source_error: hold; no_data: hold; insufficient: hold }
  rollback when rate(failed) > 5% over 1m
  stage canary: steps 1% for 1h, 5% for 1h {
    rollback when rate(failed) > 2% over 5m
    promote when rate(failed) < 1% and samples(candidate) > 1000
    at most 1d; otherwise withdraw "too slow"
  }
  stage live: 100% { soak 1h }
}
"""


def graph(*arguments, text=None):
    run = subprocess.run([RELC, "graph", *arguments], input=text, capture_output=True, text=True,
                         cwd=EXAMPLES, check=False)
    if run.returncode != 0:
        raise AssertionError(run.stderr)
    return run.stdout


def policies():
    """Examples with one release, as a plan command wants them."""
    for path in sorted(EXAMPLES.glob("*.release")):
        if len(re.findall(r"^release ", path.read_text(), re.M)) == 1:
            yield path.name


class Graph(unittest.TestCase):
    def check_svg(self, text):
        root = xml.fromstring(text)
        space = "{http://www.w3.org/2000/svg}"
        width, height = (int(root.get(name)) for name in ("width", "height"))
        for each in root.iter(f"{space}text"):
            right = int(each.get("x")) + 8 * len(each.text)
            self.assertLessEqual(right, width, each.text)
            self.assertLessEqual(int(each.get("y")), height, each.text)
        boxes = [tuple(int(box.get(name)) for name in ("x", "y", "width", "height"))
                 for box in root.iter(f"{space}rect") if box.get("x")]
        for index, (x, y, w, h) in enumerate(boxes):
            self.assertLessEqual(x + w, width)
            self.assertLessEqual(y + h, height)
            for ox, oy, ow, oh in boxes[:index]:
                apart = x >= ox + ow or ox >= x + w or y >= oy + oh or oy >= y + h
                self.assertTrue(apart, "two boxes overlap")
        return [each.text for each in root.iter(f"{space}text")]

    def test_svg(self):
        texts = self.check_svg(graph("-", "--format", "svg", text=POLICY))
        for words in ("canary", "live", "completed", "baseline", "soak 1h",
                      "steps 1% for 1h, 5% for 1h", "rollback_1"):
            self.assertIn(words, texts)

    def test_dot(self):
        text = graph("-", text=POLICY)
        edges = re.findall(r"^  (\w+) -> (\w+) ", text, re.M)
        self.assertEqual(edges, [("stage_0", "stage_1"), ("stage_0", "baseline"),
                                 ("stage_0", "baseline"), ("stage_1", "completed"),
                                 ("stage_1", "baseline")])
        self.assertIn("withdraw, too slow", text)
        self.assertEqual(text.count("{"), text.count("}"))

    def test_examples(self):
        names = list(policies())
        self.assertTrue(names)
        for name in names:
            with self.subTest(name):
                self.check_svg(graph(name, "--format", "svg"))
                self.assertTrue(graph(name).startswith("digraph "))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
