// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Image/Text.h"
#include "SampleImage.h"
#include "wafer/Image/ImageFile.h"
#include "wafer/Image/Validate.h"

#include <fstream>
#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {

std::string errorOf(const std::string &text) {
  Result<Image> image = parseImage(text, "t.wtext");
  return image ? "" : image.error().str();
}

/// A text, parsed and printed.
std::string canonical(const std::string &text) {
  Result<Image> image = parseImage(text, "t.wtext");
  return image ? printImage(*image) : image.error().str();
}

TEST(Text, SampleSurvivesPrintAndParse) {
  Image sample = sampleImage();
  std::string text = printImage(sample);
  Result<Image> image = parseImage(text, "t.wtext");
  ASSERT_TRUE(image) << image.error().str() << "\n" << text;
  EXPECT_EQ(*encodeImage(*image), *encodeImage(sample)) << text;
  EXPECT_EQ(printImage(*image), text);
}

TEST(Text, RoleReadsLikeAProgram) {
  EXPECT_EQ(printRole(sampleImage().roles[0]), R"(role @chain {
  params at 0 {
    n: const 4
    row: row 0
    dst: desc mem base=acc extent=4 stride=1
    in: desc fabin queue=2 extent=4
  }
  buffer @params params at 0 size 64
  buffer @weights weights at 64 size 128
  buffer @acc scratch at 192 size 64
  buffer @sum scratch at 224 size 32
  input queue 2 color col 0
  output queue 3 color 5
  task @main local active entry start
  task @finish local entry done
  task @word data queue 2 blocked entry done
  code {
  start:
    ldh r1, [r0 + n]
    dsrload d0, [r0 + dst]
    dsrload s0.1, [r0 + in]
    fadds d0, s0.1, r0 async 2 -> activate @finish
    bne r1, r0, done
    activate @finish
  done:
    end
  }
}
)");
}

TEST(Text, CopiesTheSourceOfAParameter) {
  Result<Image> image = parseImage(R"(
    role @r {
      params at 0 {
        out: desc fabout queue=3 extent=n
        n: col 2
        src: desc mem base=w+4 extent=n stride=-1 packed save
        two: const 7*2
        x: f32 1.5
        at: word w
      }
      buffer @w weights at 100 size 8
    })",
                                   "t.wtext");
  ASSERT_TRUE(image) << image.error().str();
  const Role &role = image->roles[0];
  // `src` and `x` are moved to multiples of four bytes.
  ASSERT_EQ(role.params.size(), 8u + 1 + 1 + 8 + 2 + 2 + 2);
  EXPECT_EQ(role.params[1], ParamSource::column(2)); // extent of `out`
  EXPECT_EQ(role.params[10], ParamSource::constant(104));
  EXPECT_EQ(role.params[11], ParamSource::column(2));
  EXPECT_EQ(role.params[12], ParamSource::constant(0xffff));
  // Kind memory, packed (bit 5) and save (bit 6).
  EXPECT_EQ(role.params[13], ParamSource::constant(0x60));
  EXPECT_EQ(role.params[19], ParamSource::constant(7));
  // 1.5f is 3fc00000; the low half lies first.
  EXPECT_EQ(role.params[20], ParamSource::constant(0));
  EXPECT_EQ(role.params[21], ParamSource::constant(0x3fc0));
  EXPECT_EQ(role.params[22], ParamSource::constant(100));
  EXPECT_EQ(role.paramLabels[2].index, 10u);
}

TEST(Text, EveryInstructionSurvives) {
  // Fields of each form, chosen so that every printed case occurs.
  Role role;
  role.name = "all";
  role.tasks = {{"t", TaskKind::Local, 0, 0, false, false}};
  role.labels = {{"begin", 0}};
  for (unsigned code = 0; code < 256; ++code) {
    const OpcodeInfo *info = lookupOpcode(uint8_t(code));
    if (!info) {
      continue;
    }
    Instruction i;
    i.op = Opcode(code);
    switch (info->form) {
    case Form::None:
      break;
    case Form::Rd:
      i.a = 31;
      break;
    case Form::Ra:
      i.b = 30;
      break;
    case Form::Target:
      i.imm = 0;
      break;
    case Form::RdTarget:
      i.a = 4;
      i.imm = 1; // no label there
      break;
    case Form::RaRbTarget:
      i.b = 1;
      i.c = 2;
      break;
    case Form::TaskId:
      break;
    case Form::RdImm:
      i.a = 3;
      i.imm = 0x3fc00000;
      break;
    case Form::RdRa:
    case Form::DsrRa:
      i.a = 9;
      i.b = 2;
      break;
    case Form::RdRaRb:
      i.a = 1;
      i.b = 2;
      i.c = 3;
      break;
    case Form::RdRaImm:
      i.a = 1;
      i.b = 2;
      i.imm = uint32_t(-3);
      break;
    case Form::RdMem:
      i.a = 1;
      i.b = 2;
      i.imm = uint32_t(-8);
      break;
    case Form::DsrMem:
      i.a = 17;
      i.b = 0;
      i.imm = 70;
      break;
    case Form::Vector:
      i.a = dsrId(DsrFile::Src0, 2);
      i.b = info->scalar == ScalarUse::Replaces ? kNoOperand
                                                : dsrId(DsrFile::Dest, 7);
      i.c = info->numSources > 1 ? dsrId(DsrFile::Src1, 5) : kNoOperand;
      i.imm = VectorFields{17, true, 3, OnComplete::Unblock, 0}.encode();
      break;
    }
    role.code.push_back(i);
    Status status = validateInstruction(i, role, sampleMachine(), "here");
    EXPECT_TRUE(status) << status.error().str();
  }
  std::string text = printRole(role);
  Result<Image> image = parseImage(text, "t.wtext");
  ASSERT_TRUE(image) << image.error().str() << text;
  ASSERT_EQ(image->roles[0].code.size(), role.code.size());
  for (size_t i = 0; i < role.code.size(); ++i) {
    EXPECT_EQ(image->roles[0].code[i], role.code[i])
        << printInstruction(role.code[i], role);
  }
}

TEST(Text, ListsFold) {
  EXPECT_EQ(printList({1, 1, 1}), "1*3");
  EXPECT_EQ(printList({0, 1, 2, 3}), "0..4");
  EXPECT_EQ(printList({3, 2, 1, 0}), "3..-1 step -1");
  EXPECT_EQ(printList({0, 16, 32, 48}), "0..49 step 16");
  EXPECT_EQ(printList({0, 4, 9}), "0, 4, 9");
  EXPECT_EQ(printList({5, 6, 5, 6, 5, 6, 7}), "(5, 6)*3, 7");
  EXPECT_EQ(printList({}), "");
  std::string region = "role @r { }\nregion @l role @r rect 0 0 ";
  // The same list in three ways.
  for (const char *list : {"[5, 6, 5, 6, 7, 7, 7, 0, 1, 2]",
                           "[(5 6)*2 7*3 0..3]", "[(5,6)*2,7*3,0..3 step 1]"}) {
    EXPECT_EQ(
        canonical(region + "10 1 { col 0: " + list + " }"),
        "\nrole @r {\n}\n\nregion @l role @r rect 0 0 10 1 {\n  col 0: [(5, "
        "6)*2, 7*3, 0..3]\n}\n");
  }
}

TEST(Text, RoutesAndFamilies) {
  EXPECT_EQ(canonical(R"(
    config @start rx=R tx=E
    config @pass rx=W tx=E,R | rx=R tx=E current=1 ring pop=on-advance counter init=1 limit=2 max=3
    rule @chain color 3 rect 0 0 512 8 axis x skew 2 [(@start @pass)*255 @start none]
    rule color 4 rect 0 0 4 2 axis y [#0*2] [#1 none]
    family @links color 3 rect 0 0 512 8 axis x { 0 -> 1..2 step 2 count 256 }
    stream @t color 5 from host 0 3 to rect 1 1 2 2, rect 5 5 1 1
    host input @t west row 3 color 5
    )"),
            R"(
config #0 rx=R tx=E
config #1 rx=W tx=E,R | rx=R tx=E current=1 ring pop=on-advance counter init=1 limit=2 max=3

rule @chain color 3 rect 0 0 512 8 axis x skew 2 [(#0, #1)*255, #0, none]
rule color 4 rect 0 0 4 2 axis y [#0*2] [#1, none]

family @links color 3 rect 0 0 512 8 axis x {
  0 -> 1..2 step 2 count 256
}

stream @t color 5 from host 0 3 to rect 1 1 2 2, rect 5 5 1 1

host input @t west row 3 color 5
)");
}

TEST(Text, InitDataByCore) {
  Result<Image> image = parseImage(R"(
    role @r { buffer @w weights at 16 size 8 }
    region @g role @r rect 0 0 2 2
    init region @g offset w + 4 bytes 4 {
      all u16 [7]
      core 1 0 f32 [1.5]
      cores 0 1 2 1 hex "0102"
    })",
                                   "t.wtext");
  ASSERT_TRUE(image) << image.error().str();
  const InitData &d = image->initData[0];
  EXPECT_EQ(d.offset, 20u);
  ASSERT_EQ(d.size, 16u);
  const uint8_t expected[16] = {7, 0, 0, 0, 0, 0, 0xc0, 0x3f,
                                1, 2, 0, 0, 1, 2, 0,    0};
  EXPECT_TRUE(std::equal(expected, expected + 16, d.data));
}

TEST(Text, MachineByNameOrJson) {
  Result<Image> image = parseImage("machine \"test8\"", "t.wtext");
  ASSERT_TRUE(image) << image.error().str();
  EXPECT_EQ(image->machine, sampleMachine().toJson());
  EXPECT_EQ(printImage(*image), "machine \"test8\"\n");
  EXPECT_EQ(canonical("machine json {\"a\": [\"}\"]} model json {}"),
            "machine json {\"a\": [\"}\"]}\nmodel json {}\n");
}

TEST(Text, QuotedNamesSurvive) {
  EXPECT_EQ(canonical("role @\"a b\\\"c\" { task @\"x\\\\y\" local entry 0 }"),
            "\nrole @\"a b\\\"c\" {\n  task @\"x\\\\y\" local entry 0\n}\n");
}

TEST(Text, ErrorsGiveThePlace) {
  EXPECT_EQ(errorOf("role chain { }"),
            "t.wtext:1:6: syntax error: expected a name such as '@chain' but "
            "got 'chain'");
  EXPECT_EQ(errorOf("\n  frob"),
            "t.wtext:2:3: syntax error: expected an item such as 'machine', "
            "'role', 'region', 'config', 'rule' or 'family' but got 'frob'");
  EXPECT_EQ(errorOf("role @r { code { add r1, r2, r32 } }"),
            "t.wtext:1:30: syntax error: expected a register 'r0' to 'r31' but "
            "got 'r32'");
  EXPECT_EQ(errorOf("role @r { code { jmp there } }"),
            "t.wtext:1:22: unknown label: got 'there'");
  EXPECT_EQ(errorOf("role @r { code { ldh r1, [r0 + x] } }"),
            "t.wtext:1:32: unknown name: expected a parameter or buffer of the "
            "role but got 'x'");
  EXPECT_EQ(
      errorOf("role @r { code { mov32 d0, r1 fmacs d0, s0.0, s1.0 end }}"),
      "t.wtext:1:52: syntax error: expected ',' but got 'end'");
  EXPECT_EQ(errorOf("role @r { code { fadds d0, r1, r2 } }"),
            "t.wtext:1:32: a vector instruction has one scalar register: "
            "expected r1 but got r2");
  EXPECT_EQ(errorOf("role @r { code { activate @t } }"),
            "t.wtext:1:27: unknown task: got '@t'");
  EXPECT_EQ(errorOf("config #1 rx=W tx=E"),
            "t.wtext:1:9: syntax error: expected the next config, a number of "
            "0 to 0 but got 1");
  EXPECT_EQ(errorOf("rule color 300"),
            "t.wtext:1:12: syntax error: expected color of 0 to 255 but got "
            "300");
  EXPECT_EQ(errorOf("model \"abc"),
            "t.wtext:1:7: cannot read this: expected a '\"' at the end of the "
            "text");
  EXPECT_EQ(errorOf("machine \"nowhere\"").substr(0, 13), "t.wtext:1:9: ");
  EXPECT_EQ(errorOf("role @r { } region @g role @r rect 0 0 1 1 { row 0: "
                    "[(0*60000000)*60000000] }"),
            "t.wtext:1:75: lists are too long: expected at most 67108864 "
            "elements in a text");
}

TEST(Text, ExampleOfTheDocumentationIsValid) {
  std::ifstream file(WAFER_SOURCE_DIR "/docs/image-text.md");
  std::string page((std::istreambuf_iterator<char>(file)), {});
  size_t begin = page.find("```wtext\n");
  ASSERT_NE(begin, std::string::npos);
  begin += 9;
  std::string text = page.substr(begin, page.find("```", begin) - begin);
  Result<Image> image = parseImage(text, "image-text.md");
  ASSERT_TRUE(image) << image.error().str();
  Status status = validate(*image, sampleMachine());
  EXPECT_TRUE(status) << status.error().str();
}

TEST(Text, CutOffTextsAreRefused) {
  Image sample = sampleImage();
  sample.machine = "{}"; // looking up a shipped machine takes milliseconds
  std::string text = printImage(sample);
  for (size_t n = 0; n < text.size(); ++n) {
    Result<Image> image = parseImage(text.substr(0, n), "t.wtext");
    (void)image; // no crash; some prefixes are whole texts
  }
}

} // namespace
