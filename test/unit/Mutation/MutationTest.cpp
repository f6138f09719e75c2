// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How much of the damage that a wrong compiler could do is found by the rules
// of verify. Each kind of mutation is applied some times to an image that holds
// every rule; each result is
//
//   refused    no valid image: the reader says so
//   caught     verify finds a broken rule, other than program-sealed
//   harmless   both engines show what the undamaged image shows
//   sealed     none of these, but it is not the program that was sealed
//   escaped    none of these
//
// Escapes fail the test. What only the seal finds a compiler that was wrong
// from the beginning would have sealed: it fails the test unless the kind is
// beyond the other rules (Mutations.h says why; docs/verify.md lists those).
//
//   WAFER_MUTATIONS=N        instances of a kind (default 10)
//   WAFER_MUTATION_IMAGE=F   a .wafer file instead of the program below
//
//===----------------------------------------------------------------------===//
#include "Mutations.h"

#include "wafer/Image/ImageFile.h"
#include "wafer/Image/Lookup.h"
#include "wafer/Image/Seal.h"
#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"
#include "wafer/Verify/Verify.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

using namespace wafer;
using namespace wafer::test;

namespace {

// Four cores of a row multiply the host's four numbers with weights of their
// own, add them along the row and send the sums back. In a column below two
// cores send three numbers each, twice, in turns through a switch; a filter
// lets two of three pass to the last core, whose data task stores them.
const char *const kProgram = R"(
machine "test8"
model json {"name":"mutant","layers":2}
role @adder {
  params at 0 {
    xs: desc mem base=x extent=4
    ws: desc mem base=w extent=4
    ys: desc mem base=y extent=4
    x_in: desc fabin queue=4 extent=4
    in: desc fabin queue=2 extent=4
    out: desc fabout queue=3 extent=4
    first: col 2
  }
  buffer @params params at 0 size 100
  buffer @x scratch at 112 size 16
  buffer @w weights at 128 size 16
  buffer @y scratch at 144 size 16
  input queue 2 color col 0
  input queue 4 color 9
  output queue 3 color col 1
  task @main local active entry start
  task @sum local entry sum
  code {
  start:
    dsrload s0.0, [r0 + x_in]
    dsrload d0, [r0 + xs]
    mov32 d0, s0.0 async 1 -> activate @sum
    end
  sum:
    dsrload s0.0, [r0 + xs]
    dsrload s1.0, [r0 + ws]
    dsrload d0, [r0 + ys]
    fmuls d0, s0.0, s1.0
    dsrload d1, [r0 + out]
    dsrload s1.1, [r0 + ys]
    ldh r1, [r0 + first]
    bne r1, r0, head
    dsrload s0.1, [r0 + in]
    fadds d1, s0.1, s1.1
    end
  head:
    dsrload s0.2, [r0 + ys]
    mov32 d1, s0.2
    end
  }
}
region @row role @adder rect 0 0 4 1 {
  col 0: [none, 5, 6, 5]
  col 1: [5, 6, 5, 8]
  col 2: [1, 0, 0, 0]
}
role @sender {
  params at 0 {
    seeds: desc mem base=seed extent=3
    out: desc fabout queue=3 extent=3 advance
    scale: row 0
    rounds: const 2
  }
  buffer @params params at 0 size 36
  buffer @seed weights at 36 size 12
  output queue 3 color 0
  task @main local active entry start
  code {
  start:
    dsrload s0.0, [r0 + seeds]
    dsrload d0, [r0 + out]
    ldh r1, [r0 + scale]
    itof r1, r1
    ldh r2, [r0 + rounds]
  again:
    fmuls d0, s0.0, r1
    dbnz r2, again
    end
  }
}
region @senders role @sender rect 0 2 1 2 { row 0: [3, 5] }
role @sink {
  buffer @got state at 0 size 32
  input queue 5 color 0
  task @take data queue 5 entry take
  code {
  take:
    stw r1, [r4 + got]
    addi r4, r4, 4
    end
  }
}
region @last role @sink rect 0 4 1 1
config @send rx=R tx=E
config @take rx=W tx=R
config @pass rx=W tx=E,R
config @hop rx=W tx=E
config @south rx=R tx=S
config @turns rx=N tx=S | rx=R tx=S ring
config @two rx=N tx=R counter init=0 limit=2 max=2
rule @even color 5 rect 0 0 4 1 axis x [@send @take @send @take]
rule @odd color 6 rect 1 0 2 1 axis x [@send @take]
rule @host color 9 rect 0 0 4 1 axis x [@pass*3 @take]
rule @back color 8 rect 3 0 5 1 axis x [@send @hop*4]
rule @turns color 0 rect 0 2 1 3 axis y [@south @turns @two]
family @even color 5 rect 0 0 4 1 axis x { 0 -> 1..2 2 -> 3..4 }
family @odd color 6 rect 1 0 2 1 axis x { 0 -> 1..2 }
family @turns color 0 rect 0 2 1 3 axis y { 0 -> 2..3 1 -> 2..3 }
stream @numbers color 9 from host 0 0 to rect 0 0 4 1
stream @sums color 8 from 3 0 to host rect 7 0 1 1
tensor @weight weight f32 shape [4, 4] region @row buffer @w offset 0 {
  columns cut [0, 1, 2, 3, 4] stride 16
  whole stride 4
}
tensor @seed weight f32 shape [3] region @senders buffer @seed offset 0 {
  whole stride 4
}
tensor @got output f32 shape [8] region @last buffer @got offset 0 {
  whole stride 4
}
host input @numbers west row 0 color 9
host output @sums east row 0 color 8
stage @adders wafer 0 region @row rect 0 0 4 1 layers 0 count 2
init region @row offset w bytes 16 {
  core 0 0 f32 [1, 2, 3, 4]
  core 1 0 f32 [5, 6, 7, 8]
  core 2 0 f32 [0.5, 1, 1.5, 2]
  core 3 0 f32 [-1, -2, -3, -4]
}
init region @senders offset seed bytes 12 { all f32 [10, 20, 30] }
)";

void sealImage(Image &image);

class Mutation : public ::testing::Test {
protected:
  void SetUp() override {
    if (const char *path = std::getenv("WAFER_MUTATION_IMAGE")) {
      Result<LoadedImage> loaded = readImage(path);
      ASSERT_TRUE(loaded) << loaded.error().str();
      image = std::move(loaded->image);
      machine = std::move(loaded->machine);
    } else {
      Result<Image> parsed = parseImage(kProgram, "mutant");
      ASSERT_TRUE(parsed) << parsed.error().str();
      image = std::move(*parsed);
      machine = *Machine::load("test8");
      sealImage(image);
    }
    if (const char *n = std::getenv("WAFER_MUTATIONS")) {
      instances = unsigned(std::strtoul(n, nullptr, 10));
    }
    Status valid = validate(image, machine);
    ASSERT_TRUE(valid) << valid.error().str();
    VerifyReport report = verify(image, machine);
    for (const Violation &v : report.violations) {
      ADD_FAILURE() << v.rule << ": " << v.message;
    }
    Observation whole = observe(image, machine, maxCycles);
    ASSERT_TRUE(whole.enginesAgree);
    ASSERT_TRUE(whole.succeeded) << whole.text;
    expected = whole.text;
  }

  void test(const MutationKind &kind);
  bool changesEndsOfPaced(const Image &mutant) const;
  void print() const;

  struct Row {
    const MutationKind *kind;
    unsigned refused = 0, caught = 0, harmless = 0, sealed = 0, escaped = 0;
  };
  Image image;
  Machine machine;
  std::string expected;
  uint64_t maxCycles = 0;
  unsigned instances = 10;
  std::vector<Row> rows;
};

/// As a compiler would have sealed the program above: in the text the weights
/// of each core are a row of the tensor.
void sealImage(Image &image) {
  Seal &seal = image.seal.emplace();
  for (size_t i = 0; i < image.tensors.size(); ++i) {
    if (image.tensors[i].kind != TensorKind::Weight) {
      continue;
    }
    const InitData &data = image.initData[seal.tensors.size()];
    uint64_t elements = 1, sum = 0;
    for (uint32_t extent : image.tensors[i].shape) {
      elements *= extent;
    }
    for (uint64_t e = 0; e < elements; ++e) {
      uint32_t bits = 0;
      std::memcpy(&bits, data.data + e * sizeof(bits), sizeof(bits));
      sum += elementDigest(e, bits);
    }
    seal.tensors.push_back({image.tensors[i].name, sum});
  }
  seal.program = programDigest(image);
}

/// Whether the roles at the ends of a paced stream are others: that they do
/// what the host says is assumed.
bool Mutation::changesEndsOfPaced(const Image &mutant) const {
  auto changes = [&](Coord core) {
    const Region *was = findRegion(image, core);
    const Region *is = findRegion(mutant, core);
    return !was || !is || was->rowTables != is->rowTables ||
           was->columnTables != is->columnTables ||
           printRole(image.roles[was->role]) !=
               printRole(mutant.roles[is->role]);
  };
  for (const Stream &s : image.streams) {
    if (s.paced &&
        (changes(s.source) || changes({s.sinks[0].x, s.sinks[0].y}))) {
      return true;
    }
  }
  return false;
}

void Mutation::test(const MutationKind &kind) {
  Row row{&kind};
  Rng rng(rows.size() + 1);
  // Kinds that need a rare thing find one now and then.
  unsigned tries = 100 * instances;
  for (unsigned done = 0; done < instances && tries > 0; --tries) {
    Image mutant = image;
    if (!kind.apply(mutant, rng)) {
      continue;
    }
    ++done;
    if (!validate(mutant, machine)) {
      ++row.refused;
      continue;
    }
    VerifyReport report = verify(mutant, machine);
    bool isSealed = report.countOf("program-sealed") == 0;
    // The seal is looked at if all rules before it hold.
    if (!report.holds() && isSealed) {
      ++row.caught;
    } else {
      Observation seen = observe(mutant, machine, maxCycles);
      EXPECT_TRUE(seen.enginesAgree) << kind.name << ", instance " << done;
      EXPECT_FALSE(seen.certifiedDeadlock && !changesEndsOfPaced(mutant))
          << kind.name << ", instance " << done << "\n"
          << printImage(mutant);
      bool same = seen.text == expected;
      ++(same ? row.harmless : isSealed ? row.escaped : row.sealed);
      EXPECT_TRUE(same || (kind.beyond && !isSealed))
          << kind.name << ", instance " << done << ", shows\n"
          << seen.text << "\ninstead of\n"
          << expected << "\n"
          << printImage(mutant);
    }
  }
  rows.push_back(row);
}

void Mutation::print() const {
  fmt::print("{:<34} {:>8} {:>8} {:>8} {:>8} {:>8}\n", "kind", "refused",
             "caught", "harmless", "sealed", "escaped");
  Row all{nullptr};
  auto line = [](const char *name, const Row &r, const char *note) {
    fmt::print("{:<34} {:>8} {:>8} {:>8} {:>8} {:>8}{}{}\n", name, r.refused,
               r.caught, r.harmless, r.sealed, r.escaped, r.sealed ? "  " : "",
               r.sealed && note ? note : "");
  };
  for (const Row &r : rows) {
    line(r.kind->name, r, r.kind->beyond);
    all.refused += r.refused;
    all.caught += r.caught;
    all.harmless += r.harmless;
    all.sealed += r.sealed;
    all.escaped += r.escaped;
  }
  line("all", all, nullptr);
}

TEST_F(Mutation, EscapesAreKnown) {
  for (const auto *kinds :
       {&fabricMutations(), &codeMutations(), &dataMutations()}) {
    for (const MutationKind &kind : *kinds) {
      test(kind);
    }
  }
  print();
}

} // namespace
