#!/usr/bin/python3
"""Counts the test cases of one `bazel test`, from its event file and the test.xml files.

    results.py EVENTS BIN_FOLDER COUNTS LABEL...

EVENTS: what --build_event_json_file wrote. LABEL...: the targets that had to run. A target that was
not built or not run, and a GoogleTest case that a binary of BIN_FOLDER lists but did not run, count
as failed. Writes "passed failed skipped" to the file COUNTS and prints what failed or was skipped.
"""

import collections
import json
import os
import re
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree


class Outcome:
    """Test cases by what became of them; a case is "label Suite.Case" or a label alone."""

    def __init__(self):
        self.passed = []
        self.failed = []
        self.skipped = []


def read_events(path):
    """Per label: overall status and the paths of its test.xml files (one per shard and run)."""
    statuses = {}
    xml_paths = collections.defaultdict(list)
    with open(path, encoding="utf-8") as events:
        for line in events:
            event = json.loads(line)
            identity = event["id"]
            if "testSummary" in identity and "testSummary" in event:
                statuses[identity["testSummary"]["label"]] = event["testSummary"]["overallStatus"]
            elif "testResult" in identity and "testResult" in event:
                for output in event["testResult"].get("testActionOutput", []):
                    if output["name"] == "test.xml":
                        path = urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path)
                        xml_paths[identity["testResult"]["label"]].append(path)
    return statuses, xml_paths


def listed_cases(binary):
    """What a GoogleTest binary has, disabled cases included."""
    listing = subprocess.run([binary, "--gtest_list_tests"], check=True, stdout=subprocess.PIPE,
                             text=True, timeout=60).stdout
    suite = ""
    cases = set()
    for line in listing.splitlines():
        name = line.split("#")[0].rstrip()
        if line.startswith("  "):
            cases.add(suite + name.strip())
        elif name.endswith("."):
            suite = name
    return cases


def is_disabled(case):
    return any(part.startswith("DISABLED_") for part in case.replace("/", ".").split("."))


def read_gtest_cases(label, root, outcome):
    """Adds the cases of one GoogleTest report and returns their names."""
    seen = set()
    for case in root.iter("testcase"):
        name = "%s.%s" % (case.get("classname"), case.get("name"))
        if case.find("failure") is not None:
            outcome.failed.append("%s %s" % (label, name))
        elif case.get("status") == "notrun" or case.find("skipped") is not None:
            outcome.skipped.append("%s %s" % (label, name))
        elif case.get("result") == "completed":
            outcome.passed.append("%s %s" % (label, name))
        else:
            continue
        seen.add(name)
    return seen


def read_unittest_cases(label, root, outcome):
    """Adds the cases of a Python test, by what it printed. True when it printed a summary."""
    text = "".join(root.itertext())
    ran = re.findall(r"^Ran (\d+) tests? in ", text, re.MULTILINE)
    if not ran:
        return False
    skipped = sum(int(count) for count in re.findall(r"^(?:OK|FAILED) \(.*?skipped=(\d+)", text,
                                                     re.MULTILINE))
    # A case fails once, however many of its subtests do.
    failed = sorted(set(re.findall(r"^(?:FAIL|ERROR): (\S+)", text, re.MULTILINE)))
    outcome.failed += ["%s %s" % (label, name) for name in failed]
    outcome.skipped += [label] * skipped
    outcome.passed += [label] * (sum(map(int, ran)) - len(failed) - skipped)
    return True


def count_target(label, status, xml_paths, bin_folder, outcome):
    """Adds what one target contributed."""
    failed_before = len(outcome.failed)
    seen = set()
    is_gtest = False
    is_unittest = False
    for path in xml_paths:
        try:
            root = ElementTree.parse(path).getroot()
        except (OSError, ElementTree.ParseError):
            continue
        if root.get("name") == "AllTests":
            is_gtest = True
            seen |= read_gtest_cases(label, root, outcome)
        else:
            is_unittest |= read_unittest_cases(label, root, outcome)
    if is_gtest:
        binary = os.path.join(bin_folder, label[2:].replace(":", "/"))
        for case in sorted(listed_cases(binary) - seen):
            if is_disabled(case):
                outcome.skipped.append("%s %s" % (label, case))
            else:
                outcome.failed.append("%s %s (listed, but did not run)" % (label, case))
    elif status == "PASSED" and not is_unittest:
        outcome.passed.append(label)
    if status != "PASSED" and len(outcome.failed) == failed_before:
        outcome.failed.append("%s (%s)" % (label, status or "not built"))


def main(events, bin_folder, counts, *labels):
    statuses, xml_paths = read_events(events)
    outcome = Outcome()
    for label in labels:
        count_target(label, statuses.get(label), xml_paths[label], bin_folder, outcome)
    for case in outcome.skipped:
        print("SKIPPED %s" % case)
    for case in outcome.failed:
        print("FAILED  %s" % case)
    with open(counts, "w", encoding="utf-8") as file:
        file.write("%d %d %d\n" % (
            len(outcome.passed), len(outcome.failed), len(outcome.skipped)))


if __name__ == "__main__":
    main(*sys.argv[1:])
