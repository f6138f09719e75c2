// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Bench/Calibration.h"

#include "wafer/Verify/Verify.h"

#include <cmath>
#include <fmt/format.h>
#include <map>

using namespace wafer;

Result<BenchRun> wafer::runProgram(const Image &image, const Machine &machine,
                                   const ParameterSet &costs,
                                   const FastOptions &options) {
  VerifyReport report = verify(image, machine);
  if (!report.holds()) {
    const Violation &first = report.violations.front();
    return Diagnostic{"the program breaks a rule", first.rule, "",
                      first.message, ""};
  }
  auto engine = Engine::createFast(image, machine, costs, options);
  if (!engine) {
    return engine.takeError();
  }
  BenchRun run;
  run.engine = std::move(*engine);
  Outcome outcome = run.engine->run({});
  if (outcome.kind != Outcome::Kind::Quiescent) {
    return Diagnostic{fmt::format("the run stopped in cycle {}: {}",
                                  outcome.cycle, nameOf(outcome.kind)),
                      "", "", outcome.detail, ""};
  }
  Result<std::optional<uint64_t>> timed =
      readTimedCycles(*run.engine, image, costs);
  if (!timed) {
    return timed.takeError();
  }
  run.cycles = timed->value_or(outcome.cycle);
  return run;
}

bool CalibrationLine::holds() const {
  return isReportOnly() || std::abs(percent()) <= percentAllowed ||
         std::abs(simulated - published) <= cyclesAllowed;
}

namespace {

constexpr const char *kReduceSource =
    "pr0f3ss/SpMM_Cerebras, mpi_collectives/reduce_0_pe/reduce_2colors_2phase/"
    "results.txt (WSE-2 simulation, timer difference less 48)";
constexpr const char *kMulticastSource =
    "EPCC measurements on CS-3, 2026: line multicast, minimum over repetitions";
constexpr const char *kGemmSource =
    "pr0f3ss/SpMM_Cerebras, benchmarks/memory_access_latency/"
    "GEMM_benchmark.csv (WSE-2 simulation)";
constexpr const char *kDenseSource =
    "pr0f3ss/SpMM_Cerebras, benchmarks/GEMM_benchmark.csv (WSE-2 simulation; "
    "whether the row reduction is timed is not said)";
constexpr const char *kVectorSource =
    "pr0f3ss/SpMM_Cerebras, fmacs_test (WSE-2 simulation, two clock readings)";
constexpr const char *kTaskSource =
    "EPCC measurements on CS-3, 2026: a store through a data task";

/// One program to run, and the published figure for it.
struct Row {
  std::string kernel;
  const char *machine;
  const char *params;
  double published;
  const char *source;
  std::function<Result<Image>(const Machine &)> build;
  bool reportOnly = false;
  /// The simulated cycles are divided by this.
  double per = 1;
  const char *unit = "cycles";
};

void addReductions(std::vector<Row> &rows) {
  auto add = [&](uint32_t words, uint32_t group, double published,
                 bool reportOnly) {
    ReduceShape shape{512, words, {}};
    if (group) {
      shape.groups = {group, (512 + group - 1) / group};
    }
    std::string kernel =
        group
            ? fmt::format("two-phase reduce, {} words, 512 cores, groups of {}",
                          words, group)
            : fmt::format("chain reduce, {} words, 512 cores", words);
    rows.push_back({kernel, "wse2", "nominal", published, kReduceSource,
                    [shape](const Machine &m) { return buildReduce(m, shape); },
                    reportOnly});
  };
  add(4096, 0, 7218, false);
  add(4096, 2, 10055, false);
  add(4096, 4, 9421, false);
  add(4096, 8, 9117, false);
  add(4096, 16, 8989, false);
  add(4096, 32, 8973, false);
  add(64, 28, 926.5, true); // 925 to 928; the number of cores is not said
}

void addMulticasts(std::vector<Row> &rows) {
  struct Shape {
    uint32_t words, receivers;
    double published;
  };
  for (Shape s :
       {Shape{16, 1, 39}, Shape{16, 16, 53}, Shape{16, 64, 101},
        Shape{16, 256, 293}, Shape{16, 512, 549}, Shape{64, 1, 93},
        Shape{64, 64, 155}, Shape{256, 1, 309}, Shape{256, 16, 323},
        Shape{256, 64, 371}, Shape{256, 256, 563}, Shape{256, 512, 819}}) {
    rows.push_back(
        {fmt::format("multicast, {} words to {} cores", s.words, s.receivers),
         "wse3", "measured", s.published, kMulticastSource,
         [s](const Machine &m) {
           return buildMulticast(m, {s.receivers, s.words});
         }});
  }
}

void addVectorOps(std::vector<Row> &rows) {
  struct Shape {
    uint32_t length;
    bool sameBank;
    double published;
  };
  for (Shape s : {Shape{5124, false, 5130}, Shape{5124, true, 10254},
                  Shape{1028, false, 1034}, Shape{1028, true, 2062}}) {
    rows.push_back({fmt::format("multiply-add of {} elements{}", s.length,
                                s.sameBank ? ", banks conflict" : ""),
                    "wse2", "nominal", s.published, kVectorSource,
                    [s](const Machine &m) {
                      return buildVectorOp(m, {s.length, s.sameBank});
                    },
                    true});
  }
}

void addOthers(std::vector<Row> &rows) {
  auto gemm = [&](std::string kernel, GemmLoopShape shape, double published,
                  const char *source, bool reportOnly) {
    rows.push_back(
        {std::move(kernel), "wse2", "nominal", published, source,
         [shape](const Machine &m) { return buildGemmLoop(m, shape); },
         reportOnly});
  };
  gemm("dense GEMM 768x768x64, the loop of one core", {64, 48, 64}, 476866,
       kDenseSource, true);
  gemm("dense GEMM 1024x1024x64, the loop of one core", {128, 8, 64}, 150760,
       kDenseSource, true);
  constexpr uint32_t kWords = 33;
  rows.push_back({"store through a data task, each word", "wse3", "measured",
                  43.5, kTaskSource,
                  [](const Machine &m) { return buildWordTask(m, kWords); },
                  true, kWords - 1, "cycles a word"});
}

class Calibration {
public:
  explicit Calibration(const CalibrationOptions &options) : options(options) {}

  Status runRows(const std::vector<Row> &rows);
  Status runLoops();
  std::vector<CalibrationLine> lines;
  size_t total = 0;

private:
  Result<const Machine *> machineNamed(const std::string &name);
  Result<double> cyclesOf(const Row &row);

  const CalibrationOptions &options;
  std::map<std::string, Machine> machines;
  size_t images = 0;
};

} // namespace

Result<const Machine *> Calibration::machineNamed(const std::string &name) {
  auto it = machines.find(name);
  if (it == machines.end()) {
    Result<Machine> machine = Machine::load(name);
    if (!machine) {
      return machine.takeError();
    }
    it = machines.emplace(name, std::move(*machine)).first;
  }
  return &it->second;
}

Result<double> Calibration::cyclesOf(const Row &row) {
  Result<const Machine *> machine = machineNamed(row.machine);
  if (!machine) {
    return machine.takeError();
  }
  Result<Image> image = row.build(**machine);
  if (!image) {
    return image.takeError();
  }
  image->parameterSet = row.params;
  if (options.keep) {
    Status kept =
        options.keep(fmt::format("calibration-{:02}", ++images), *image);
    if (!kept) {
      return kept.takeError();
    }
  }
  Result<BenchRun> run =
      runProgram(*image, **machine, *(*machine)->findParameters(row.params));
  if (!run) {
    return run.takeError();
  }
  return double(run->cycles) / row.per;
}

Status Calibration::runRows(const std::vector<Row> &rows) {
  for (const Row &row : rows) {
    Result<double> cycles = cyclesOf(row);
    if (!cycles) {
      return cycles.takeError();
    }
    CalibrationLine line;
    line.kernel = row.kernel;
    line.machine = row.machine;
    line.params = row.params;
    line.unit = row.unit;
    line.published = row.published;
    line.simulated = *cycles;
    line.percentAllowed = row.reportOnly ? 0 : 2;
    line.cyclesAllowed = row.reportOnly ? 0 : 20;
    line.source = row.source;
    lines.push_back(std::move(line));
    if (options.progress) {
      options.progress(lines.size(), total);
    }
  }
  return Status::success();
}

/// Two sizes of the strided loop. One multiply-add of length L costs
/// intercept + slope * L; both are judged, as the sizes alone would let an
/// error of one hide that of the other.
Status Calibration::runLoops() {
  struct Loop {
    GemmLoopShape shape;
    double operations, published;
  };
  const Loop loops[] = {{{8, 8, 32}, 256, 9756}, {{32, 32, 32}, 1024, 88795}};
  std::vector<Row> rows;
  for (const Loop &loop : loops) {
    GemmLoopShape shape = loop.shape;
    rows.push_back(
        {fmt::format("{} strided multiply-adds of length {}", loop.operations,
                     shape.length),
         "wse2", "nominal", loop.published, kGemmSource,
         [shape](const Machine &m) { return buildGemmLoop(m, shape); }});
  }
  if (Status status = runRows(rows); !status) {
    return status;
  }
  double small = lines[lines.size() - 2].simulated,
         large = lines.back().simulated;
  auto slope = [&](double s, double l) {
    return (l / loops[1].operations - s / loops[0].operations) /
           (loops[1].shape.length - loops[0].shape.length);
  };
  double published = slope(loops[0].published, loops[1].published);
  double simulated = slope(small, large);
  CalibrationLine line = lines.back();
  line.percentAllowed = 3;
  line.cyclesAllowed = 0;
  line.kernel = "slope of the strided loop";
  line.unit = "cycles an element";
  line.published = published;
  line.simulated = simulated;
  lines.push_back(line);
  double length = loops[0].shape.length;
  line.kernel = "intercept of the strided loop";
  line.unit = "cycles a multiply-add";
  line.published =
      loops[0].published / loops[0].operations - length * published;
  line.simulated = small / loops[0].operations - length * simulated;
  lines.push_back(line);
  return Status::success();
}

Result<std::vector<CalibrationLine>>
wafer::runCalibration(const CalibrationOptions &options) {
  std::vector<Row> first, last;
  addReductions(first);
  addMulticasts(first);
  addVectorOps(last);
  addOthers(last);
  Calibration calibration(options);
  calibration.total = first.size() + last.size() + 4;
  Status status = calibration.runRows(first);
  if (status) {
    status = calibration.runLoops();
  }
  if (status) {
    status = calibration.runRows(last);
  }
  if (!status) {
    return status.takeError();
  }
  return std::move(calibration.lines);
}
