#!/usr/bin/env python3
"""Validates the SARIF log of `relc check` on every UI case: names against the official object model
(python3-sarif-python-om, generated from the OASIS schema), types, ranges and references by hand.

Usage: check_sarif.py RELC CASES_DIR. The OASIS schema itself is in no Debian package; what it says of
the objects a linter writes is restated below and checked with python3-jsonschema.
"""
import json
import pathlib
import subprocess
import sys

import attr
import jsonschema
import sarif_om

POSITIVE = {"type": "integer", "minimum": 1}
INDEX = {"type": "integer", "minimum": 0}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1},
                                                                  "markdown": {"type": "string"}}}
REGION = {"type": "object", "required": ["startLine", "startColumn", "endLine", "endColumn"],
          "properties": {"startLine": POSITIVE, "startColumn": POSITIVE, "endLine": POSITIVE,
                         "endColumn": POSITIVE, "byteOffset": INDEX, "byteLength": INDEX}}
ARTIFACT = {"type": "object", "required": ["uri"], "properties": {"uri": {
    "type": "string", "pattern": r"^(file:///)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"}}}
LOCATION = {"type": "object", "required": ["physicalLocation"], "properties": {
    "id": INDEX, "message": MESSAGE,
    "physicalLocation": {"type": "object", "required": ["artifactLocation", "region"],
                         "properties": {"artifactLocation": ARTIFACT, "region": REGION}}}}
FIX = {"type": "object", "required": ["artifactChanges"], "properties": {
    "description": MESSAGE, "properties": {"type": "object"},
    "artifactChanges": {"type": "array", "minItems": 1, "items": {
        "type": "object", "required": ["artifactLocation", "replacements"], "properties": {
            "artifactLocation": ARTIFACT,
            "replacements": {"type": "array", "minItems": 1, "items": {
                "type": "object", "required": ["deletedRegion"],
                "properties": {"deletedRegion": REGION, "insertedContent": {
                    "type": "object", "properties": {"text": {"type": "string"}}}}}}}}}}}
RESULT = {"type": "object", "required": ["ruleId", "ruleIndex", "level", "message"], "properties": {
    "ruleId": {"type": "string"}, "ruleIndex": INDEX, "level": LEVEL, "message": MESSAGE,
    "locations": {"type": "array", "items": LOCATION},
    "relatedLocations": {"type": "array", "uniqueItems": True, "items": LOCATION},
    "fixes": {"type": "array", "uniqueItems": True, "items": FIX}}}
RULE = {"type": "object", "required": ["id"], "properties": {
    "id": {"type": "string"}, "name": {"type": "string"}, "shortDescription": MESSAGE, "help": MESSAGE,
    "defaultConfiguration": {"type": "object", "properties": {"level": LEVEL}}}}
LOG = {"type": "object", "required": ["version", "runs"], "properties": {
    "$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"},
    "runs": {"type": "array", "items": {
        "type": "object", "required": ["tool", "results"], "properties": {
            "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            "tool": {"type": "object", "required": ["driver"], "properties": {"driver": {
                "type": "object", "required": ["name"], "properties": {
                    "name": {"type": "string"}, "rules": {"type": "array", "uniqueItems": True, "items": RULE},
                    "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"}}}}},
            "results": {"type": "array", "items": RESULT}}}}}}

# Which class of the object model an object under a property is.
CLASSES = {"runs": "Run", "tool": "Tool", "driver": "ToolComponent", "rules": "ReportingDescriptor",
           "results": "Result", "message": "Message", "locations": "Location", "relatedLocations": "Location",
           "physicalLocation": "PhysicalLocation", "artifactLocation": "ArtifactLocation", "region": "Region",
           "fixes": "Fix", "description": "Message", "artifactChanges": "ArtifactChange",
           "replacements": "Replacement", "deletedRegion": "Region", "insertedContent": "ArtifactContent",
           "shortDescription": "MultiformatMessageString", "help": "MultiformatMessageString",
           "defaultConfiguration": "ReportingConfiguration"}


def unknown_names(value, name, where):
    """Properties the object model does not have, and required ones that are missing."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from unknown_names(each, name, f"{where}[{index}]")
        return
    if not isinstance(value, dict) or name == "properties":  # a property bag holds anything
        return
    model = {a.metadata["schema_property_name"]: a
             for a in attr.fields(getattr(sarif_om, CLASSES.get(name, name)))}
    for key in value:
        if key not in model:
            yield f"{where}: `{key}` is no property of {CLASSES.get(name, name)}"
        else:
            yield from unknown_names(value[key], key, f"{where}.{key}")
    for key, each in model.items():
        if each.default is attr.NOTHING and key not in value:
            yield f"{where}: `{key}` is missing"


def wrong_places(log, folder):
    """Rules that results do not point at, and regions that are not where their bytes are."""
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
            yield f"{result['ruleId']}: ruleIndex names another rule"
        for location in result.get("locations", []) + result.get("relatedLocations", []):
            place = location["physicalLocation"]
            path = pathlib.Path(folder, place["artifactLocation"]["uri"])
            if not path.is_file():
                continue  # the library's text is no file
            region = place["region"]
            before = path.read_bytes()[:region["byteOffset"]].decode("utf-8")
            line = before.count("\n") + 1
            column = len(before) - (before.rfind("\n") + 1) + 1
            if (line, column) != (region["startLine"], region["startColumn"]):
                yield f"{path.name}: byte {region['byteOffset']} is {line}:{column}, not {region}"


def main():
    relc, folder = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    cases = sorted(path.name for path in pathlib.Path(folder).glob("*.release"))
    run = subprocess.run([relc, "check", "--format", "sarif", *cases], cwd=folder, capture_output=True,
                         text=True)
    log = json.loads(run.stdout)
    problems = [f"{'/'.join(map(str, each.absolute_path))}: {each.message}"
                for each in jsonschema.Draft7Validator(LOG).iter_errors(log)]
    problems += unknown_names(log, "SarifLog", "log")
    problems += wrong_places(log, folder)
    results = len(log["runs"][0]["results"])
    print("\n".join(problems))
    print(f"{results} results of {len(cases)} files, {len(problems)} problems")
    return 1 if problems or results < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
