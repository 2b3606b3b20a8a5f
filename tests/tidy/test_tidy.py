#!/usr/bin/env python3
"""Shows every rule of tidy.py firing on a bad file and silent on a good one."""
import unittest

import tidy


def findings(path, text):
    return [line.split(": ")[1] for line in tidy.check(tidy.File(path, text))]


class Rules(unittest.TestCase):
    def test_a_clean_file_has_no_finding(self):
        self.assertEqual(findings("runtime/a/b.cpp", '// B.\n#include "runtime/a/b.h"\n'), [])

    def test_runtime_may_not_include_the_compiler(self):
        self.assertIn("include", findings("runtime/a/b.cpp", '// B.\n#include "compiler/x.h"\n'))

    def test_llvm_stays_in_its_folder(self):
        text = "// B.\n#include <llvm/IR/Module.h>\n"
        self.assertIn("include", findings("compiler/sema/b.cpp", text))
        self.assertEqual(findings("compiler/codegen/b.cpp", text), [])

    def test_antlr_stays_in_its_file(self):
        text = "// B.\n#include <antlr4-runtime.h>\n"
        self.assertIn("include", findings("compiler/syntax/scan.cpp", text))
        self.assertEqual(findings("compiler/syntax/parse.cpp", text), [])

    def test_sizes(self):
        self.assertIn("size", findings("runtime/a.cpp", "// A.\n" * 700))
        self.assertIn("columns", findings("runtime/a.cpp", "// " + "a" * 100 + "\n"))
        body = "// A.\nint f(int a) {\n" + "  a++;\n" * 80 + "}\n"
        self.assertIn("function", findings("runtime/a.cpp", body))
        body = "// A.\nint f(int a,\n      int b) {\n" + "  a++;\n" * 80 + "}\n"
        self.assertIn("function", findings("runtime/a.cpp", body))

    def test_names_and_words(self):
        self.assertIn("name", findings("runtime/a/utils.h", "// A.\n"))
        self.assertIn("name", findings("runtime/a/CamelCase.h", "// A.\n"))
        self.assertIn("words", findings("runtime/a/b.h", "// A.\n// TO" + "DO later\n"))

    def test_environment_is_for_the_command_line(self):
        text = '// A.\nauto p = getenv("HOME");\n'
        self.assertIn("getenv", findings("runtime/a.cpp", text))
        self.assertEqual(findings("compiler/cli/a.cpp", text), [])

    def test_header_comment(self):
        self.assertIn("comment", findings("runtime/a.h", "int a;\n"))

    def test_switch_default(self):
        self.assertIn("switch", findings("runtime/a.cpp", "// A.\n    default:\n"))


if __name__ == "__main__":
    unittest.main()
