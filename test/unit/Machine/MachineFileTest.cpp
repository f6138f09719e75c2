// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bad machine files: each gives one error that names file and JSON pointer.
#include "wafer/Machine/Machine.h"
#include "wafer/Support/Rng.h"

#include <gtest/gtest.h>

using namespace wafer;

namespace {

std::string errorOf(const std::string &text) {
  Result<Machine> machine = Machine::fromJson(text, "f");
  return machine ? "no error" : machine.error().str();
}

/// The error of a file that is test8 with `changes`.
std::string changed(const std::string &changes) {
  return errorOf(R"({"base": "test8", "name": "x", )" + changes + "}");
}

TEST(MachineFile, Syntax) {
  EXPECT_EQ(errorOf(""), "f: line 1, column 1: malformed JSON");
  EXPECT_EQ(errorOf("{\n  \"name\" 1}"),
            "f: line 2, column 10: malformed JSON");
  EXPECT_EQ(
      errorOf("[1]"),
      "f: value has the wrong type: expected an object but got an array of "
      "1 elements");
  EXPECT_EQ(errorOf(R"({"name": "a", "name": "b"})"),
            "f: key 'name' stands twice in one object");
  EXPECT_EQ(errorOf(std::string(100000, '[')),
            "f: more than 64 arrays and objects inside one another");
  EXPECT_EQ(errorOf("{\"name\": \"\xff\"}").substr(0, 2), "f:");
  EXPECT_NE(errorOf(std::string("{\0}", 3)), "no error");
}

TEST(MachineFile, KeysAndTypes) {
  EXPECT_EQ(errorOf("{}"), "f: key 'name' is missing (hint: "
                           "docs/machine/machine-files.md describes the keys)");
  EXPECT_EQ(changed(R"("cores": 3)").substr(0, 25),
            "f: unknown key 'cores' (h");
  EXPECT_EQ(changed(R"("core": {"dsr": 3})"),
            "f: /core: unknown key 'dsr' (hint: known keys are 'dsrsPerFile', "
            "'maxTasks', 'microthreads')");
  EXPECT_EQ(changed(R"("core": {"maxTasks": {"value": 3, "from": "x"}})"),
            "f: /core/maxTasks: unknown key 'from': expected 'value' and "
            "'source'");
  EXPECT_EQ(changed(R"("core": {"maxTasks": {"value": 3, "source": 4}})"),
            "f: /core/maxTasks/source: value has the wrong type: expected a "
            "string but got the number 4");
  EXPECT_EQ(changed(R"("core": {"maxTasks": "many"})"),
            "f: /core/maxTasks: value has the wrong type: expected an integer "
            "from 1 to 64 but got the string 'many'");
  EXPECT_EQ(changed(R"("core": 3)"), "f: /core: value has the wrong type: "
                                     "expected an object but got the number 3");
}

TEST(MachineFile, Numbers) {
  auto tasks = [](const std::string &number) {
    return changed(R"("core": {"maxTasks": )" + number + "}");
  };
  auto expected = [](const std::string &number) {
    return "f: /core/maxTasks: value is out of range: expected an integer from "
           "1 to 64 but got " +
           number;
  };
  EXPECT_EQ(tasks("64"), "no error");
  EXPECT_EQ(tasks("65"), expected("65"));
  EXPECT_EQ(tasks("-1"), expected("-1"));
  EXPECT_EQ(tasks("1.5"), expected("1.5"));
  EXPECT_EQ(tasks("4294967297"), expected("4294967297"));
  EXPECT_EQ(tasks("9223372036854775808"), expected("9223372036854775808"));
  EXPECT_EQ(tasks("-9223372036854775808"), expected("-9223372036854775808"));
  EXPECT_EQ(tasks("18446744073709551616"), expected("1.8446744073709552e+19"));
  EXPECT_EQ(tasks("1e999"), "f: line 1, column 57: number is out of range");
  EXPECT_NE(tasks("NaN").find("malformed JSON"), std::string::npos);
  EXPECT_EQ(changed(R"("clock": {"hertz": 0})"),
            "f: /clock/hertz: value is out of range: expected a number above 0 "
            "and at most 1e+15 but got 0");
  EXPECT_EQ(changed(R"("clock": {"hertz": -1e300})").substr(0, 37),
            "f: /clock/hertz: value is out of rang");
}

TEST(MachineFile, Grid) {
  EXPECT_EQ(changed(R"("grid": {"usable": [0, 0, 0, 8]})"),
            "f: /grid/usable: usable rectangle is empty");
  EXPECT_EQ(changed(R"("grid": {"usable": [0, 0, 8]})"),
            "f: /grid/usable: value has the wrong type: expected an array of 4 "
            "integers but got an array of 3 elements");
  EXPECT_EQ(changed(R"("grid": {"physical": [8, 99999]})"),
            "f: /grid/physical/1: value is out of range: expected an integer "
            "from 1 to 32767 but got 99999");
}

TEST(MachineFile, Memory) {
  EXPECT_EQ(changed(R"("memory": {"systemBytes": 48128})"),
            "f: /memory/systemBytes: no memory is left for programs: expected "
            "less than 49152 bytes for system and task table but got 49152");
  EXPECT_EQ(changed(R"("memory": {"sramBytes": 49153})"),
            "f: /memory/sramBytes: banks are not equally large: expected a "
            "multiple of 32 bytes (8 banks of 4 bytes) but got 49153");
  EXPECT_EQ(changed(R"("memory": {"readConflictModulus": 16})"),
            "f: /memory/readConflictModulus: modulus is larger than the number "
            "of banks: expected at most 8 but got 16");
}

TEST(MachineFile, Fabric) {
  EXPECT_EQ(
      changed(R"("fabric": {"hopCycles": 4})"),
      "f: /fabric/routerBufferDepth: router buffer is too small to keep a "
      "link busy: expected at least 5 (hopCycles + 1) but got 4");
  EXPECT_EQ(changed(R"("fabric": {"colors": 22})"),
            "f: /fabric/reservedColors: color is out of range: expected colors "
            "from 0 to 21");
  EXPECT_EQ(changed(R"("fabric": {"colors": 1, "reservedColors": [0],
                       "switchableColors": []})"),
            "f: /fabric/reservedColors: no color is left for programs");
  EXPECT_EQ(changed(R"("fabric": {"reservedColors": [3, 3]})"),
            "f: /fabric/reservedColors/1: number 3 stands twice in the list");
}

TEST(MachineFile, Queues) {
  EXPECT_EQ(changed(R"("queues": {"input": {"depths": [2, 0]}})"),
            "f: /queues/input/depths/1: value is out of range: expected an "
            "integer from 1 to 1024 but got 0");
  EXPECT_EQ(changed(R"("queues": {"output": {"depths": []}})"),
            "f: /queues/output/depths: value has the wrong type: expected an "
            "array of 1 to 8 integers but got an array of 0 elements");
  EXPECT_EQ(changed(R"("queues": {"input": {"reserved": [8]}})"),
            "f: /queues/input/reserved: queue is out of range: expected queues "
            "from 0 to 7");
  EXPECT_EQ(changed(R"("queues": {"output": {"depths": [2]}})"),
            "f: /queues/output/reserved: no queue is left for programs");
}

TEST(MachineFile, Lanes) {
  EXPECT_EQ(changed(R"("lanes": {"fdots": 4})").substr(0, 53),
            "f: /lanes/fdots: unknown vector instruction 'fdots' (");
  EXPECT_EQ(
      changed(R"("lanes": {"fmach": 0})"),
      "f: /lanes/fmach: value is out of range: expected an integer from 1 "
      "to 64 but got 0");
}

TEST(MachineFile, Host) {
  EXPECT_EQ(changed(R"("host": {"count": 9})"),
            "f: /host/count: last channel lies outside the usable rectangle: "
            "expected a row below 8 but got row 8");
  EXPECT_EQ(changed(R"("host": {"edges": []})"),
            "f: /host/edges: there are channels but no edge is named");
  EXPECT_EQ(changed(R"("host": {"count": 0})"),
            "f: /host/count: edges are named but there are no channels");
  EXPECT_EQ(
      changed(R"("host": {"edges": ["north"]})"),
      "f: /host/edges/0: unknown name: expected one of 'west', 'east' but "
      "got the string 'north'");
}

TEST(MachineFile, Redundancy) {
  EXPECT_EQ(
      changed(R"("redundancy": {"kind": "magic"})"),
      "f: /redundancy/kind: unknown kind of redundancy: expected 'none' or "
      "'row-shift' but got 'magic'");
  EXPECT_EQ(changed(R"("redundancy": {"kind": "row-shift"})"),
            "f: /redundancy/spareColumns: row shift needs spare columns: "
            "expected at least 1 but got 0");
  EXPECT_EQ(
      changed(R"("redundancy": {"spareColumns": 1})"),
      "f: /redundancy/spareColumns: machine without redundancy has spares "
      "or a bypass: expected 0");
}

TEST(MachineFile, ParameterSets) {
  EXPECT_EQ(
      changed(R"("parameterSets": [])"),
      "f: /parameterSets: value has the wrong type: expected an array of 1 "
      "to 16 objects but got an array of 0 elements");
  EXPECT_EQ(changed(R"("parameterSets": [3])"),
            "f: /parameterSets/0: value has the wrong type: expected an object "
            "but got the number 3");
  EXPECT_EQ(changed(R"("parameterSets": [{"name": "a", "vectorStart": 1}])"),
            "f: /parameterSets/0: key 'taskStart' is missing (hint: "
            "docs/machine/machine-files.md describes the keys)");
  std::string set = R"({"name": "a", "vectorStart": 1, "taskStart": 1)";
  EXPECT_EQ(changed(R"("parameterSets": [)" + set + R"(, "sendWords": 0}])"),
            "f: /parameterSets/0/sendWords: value is out of range: expected an "
            "integer from 1 to 1000000 but got 0");
  EXPECT_EQ(changed(R"("parameterSets": [)" + set + R"(, "sendWords": 2}])"),
            "f: /parameterSets/0/sendCycles: stream is faster than its link: "
            "expected at least 2 (one word a cycle) but got 1");
  EXPECT_EQ(changed(R"("parameterSets": [)" + set + "}, " + set + "}]"),
            "f: /parameterSets/1/name: two parameter sets have the name 'a'");
  EXPECT_EQ(changed(R"("parameterSets": [)" + set + "}]"), "no error");
}

TEST(MachineFile, Base) {
  EXPECT_EQ(errorOf(R"({"base": "wse9", "name": "x"})"),
            "f: /base: unknown base machine 'wse9' (hint: shipped machines are "
            "small64, test8, tiny16, wse2, wse3)");
  EXPECT_EQ(errorOf(R"({"base": 3, "name": "x"})"),
            "f: /base: value has the wrong type: expected a string but got the "
            "number 3");
  EXPECT_EQ(errorOf(R"({"base": "test8"})").substr(0, 28),
            "f: key 'name' is missing (hi");
  EXPECT_EQ(
      errorOf(R"({"base": "test8", "name": "a/b"})"),
      "f: /name: machine name is not valid: expected letters, digits, '-', "
      "'_' and '.' but got 'a/b'");
}

TEST(MachineFile, PlainLeavesTakeTheBasesPlace) {
  Result<Machine> m = Machine::fromJson(
      R"({"base": "test8", "name": "x",
          "fabric": {"hopCycles": {"value": 2, "source": "here"},
                     "rampCycles": 3}})",
      "f");
  ASSERT_TRUE(m) << m.error().str();
  EXPECT_EQ(m->hopCycles, 2u);
  EXPECT_EQ(m->rampCycles, 3u);
  EXPECT_EQ(m->sources.at("/fabric/hopCycles"), "here");
  EXPECT_EQ(m->sources.at("/fabric/rampCycles"),
            "set by this file, which is based on test8");
}

TEST(MachineFile, Paths) {
  Result<Machine> m = Machine::load("./missing");
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().str(),
            "./missing: cannot open file: no such file or directory");
  EXPECT_EQ(Machine::load("missing").error().what, "unknown machine 'missing'");
  EXPECT_EQ(Machine::load("").error().what, "unknown machine ''");
}

/// Replaces a few bytes, or numbers, of a text.
std::string mutate(std::string text, Rng &rng) {
  static constexpr const char *kHostile[] = {
      "0",     "-1",   "4294967296", "18446744073709551615",
      "1e308", "-0.5", "null",       "[]",
      "{}",    "\"\"", "[[[]]]",     "{\"value\": 1}"};
  for (uint64_t edits = 1 + rng.below(3); edits > 0; --edits) {
    size_t at = text.find_first_of("0123456789", rng.below(text.size()));
    if (at == std::string::npos || rng.below(4) == 0) {
      text[rng.below(text.size())] = char(rng.below(256));
      continue;
    }
    size_t end = text.find_first_not_of("0123456789.", at);
    end = end == std::string::npos ? text.size() : end;
    text.replace(at, end - at, kHostile[rng.below(std::size(kHostile))]);
  }
  return text;
}

// Whatever a file holds, it gives an error that names it, or a sound machine.
TEST(MachineFile, MutatedFilesGiveAnErrorOrASoundMachine) {
  Rng rng(1);
  std::string original = Machine::load("test8")->toJson();
  unsigned good = 0;
  for (unsigned i = 0; i < 400; ++i) {
    Result<Machine> machine = Machine::fromJson(mutate(original, rng), "f");
    if (!machine) {
      EXPECT_EQ(machine.error().where.substr(0, 1), "f");
      EXPECT_FALSE(machine.error().what.empty());
      continue;
    }
    ++good;
    EXPECT_TRUE(machine->check("f"));
    std::string json = machine->toJson();
    Result<Machine> again = Machine::fromJson(json, "f");
    ASSERT_TRUE(again) << again.error().str();
    EXPECT_EQ(again->toJson(), json);
  }
  EXPECT_GT(good, 0u);
}

} // namespace
