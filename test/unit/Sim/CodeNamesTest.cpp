// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names of instructions for traces and accounts.
//
#include "CodeNames.h"
#include "Builder.h"

using namespace wafer;
using namespace wafer::test;
using sim::nameCode;

namespace {

/// A role whose descriptors are named in the order of their first use.
struct NamedRole {
  Role role;
  Core core{role};

  Core &dsr(unsigned id, const std::string &name) {
    role.paramLabels.push_back({name, uint32_t(role.params.size())});
    return core.dsr(id, memory(2048, 4));
  }
  NamedRole &label(const std::string &name) {
    role.labels.push_back({name, core.here()});
    return *this;
  }
};

} // namespace

TEST(CodeNamesTest, ALabelThatIsBranchedBackToEndsWithItsLoop) {
  NamedRole r;
  r.core.main();
  r.label("start").core.li(1, 3);                        // 0
  r.label("outer").core.li(2, 3);                        // 1
  r.label("inner").core.op(Opcode::LoopDec, 2, 0, 0, 2); // 2
  r.core.li(3, 0);                                       // 3: outer again
  r.label("tail").core.li(4, 0);                         // 4: inside outer
  r.core.op(Opcode::LoopDec, 1, 0, 0, 1);                // 5
  r.core.end();                                          // 6: start again
  std::vector<std::string> labels;
  for (const sim::CodeName &name : nameCode(r.role)) {
    labels.push_back(name.label);
  }
  EXPECT_EQ(labels,
            (std::vector<std::string>{"start", "outer", "inner", "outer",
                                      "tail", "tail", "start"}));
}

TEST(CodeNamesTest, OperandsAreNamedAfterTheirDescriptors) {
  NamedRole r;
  r.core.main();
  r.label("start");
  r.dsr(S0(0), "x");                             // 0
  r.dsr(S1(0), "gain.3");                        // 1
  r.dsr(D(0), "y");                              // 2
  r.core.vec(Opcode::FAddS, D(0), S0(0), S1(0)); // 3
  r.core.li(1, 5).vec(Opcode::Mov32, D(0), kNoDsr, kNoDsr, scalar(1)).end();
  std::vector<sim::CodeName> names = nameCode(r.role);
  EXPECT_EQ(names[3].operation, "fadds y <- x, gain");
  EXPECT_TRUE(names[3].isVector);
  // What leads to it, and the end that nothing follows.
  EXPECT_EQ(names[0].operation, "fadds y <- x, gain");
  EXPECT_EQ(names[4].operation, "mov32 y <- r1");
  EXPECT_EQ(names[4].instruction, "li r1, 5");
  EXPECT_EQ(names[6].operation, "mov32 y <- r1");
}

TEST(CodeNamesTest, ARegisterWithTwoDescriptorsKeepsItsOwnName) {
  NamedRole r;
  r.core.main();
  r.dsr(S0(0), "x");                       // 0
  r.core.op(Opcode::BranchEq, 0, 1, 0, 3); // 1: over the next
  r.dsr(S0(0), "z");                       // 2
  r.dsr(D(0), "y");                        // 3
  r.core.vec(Opcode::Mov32, D(0), S0(0));  // 4
  r.core.end();
  EXPECT_EQ(nameCode(r.role)[4].operation, "mov32 y <- s0.0");
}

TEST(CodeNamesTest, ABaseInsideABufferNamesTheBuffer) {
  NamedRole r;
  r.role.buffers.push_back({"weights", BufferKind::Weights, 4096, 512});
  r.core.main();
  r.dsr(S0(0), "any");                          // 0
  r.dsr(D(0), "y");                             // 1
  r.core.op(Opcode::AddImm, 3, 2, 0, 4100);     // 2
  r.core.op(Opcode::DsrBase, S0(0), 3);         // 3
  r.core.vec(Opcode::Mov32, D(0), S0(0)).end(); // 4
  EXPECT_EQ(nameCode(r.role)[4].operation, "mov32 y <- weights");
}
