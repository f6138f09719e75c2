// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Alloc/SramAllocator.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <set>

using namespace wafer;

static uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

/// Whether two buffers may share bytes.
static bool mayShare(const SramBuffer &a, const SramBuffer &b) {
  return a.live && b.live && !a.live->overlaps(*b.live);
}

static const char *kindName(BufferKind kind) {
  switch (kind) {
  case BufferKind::Params:
    return "params";
  case BufferKind::Weights:
    return "weights";
  case BufferKind::State:
    return "state";
  case BufferKind::Scratch:
    return "scratch";
  }
  return "?";
}

//===----------------------------------------------------------------------===//
// Problem
//===----------------------------------------------------------------------===//

Status SramProblem::check() const {
  if (alignment == 0 || (alignment & (alignment - 1)) || alignment > 4096) {
    return Diagnostic{"bad alignment", owner, "a power of two up to 4096",
                      fmt::format("{}", alignment), ""};
  }
  std::set<std::string> names;
  for (const SramBuffer &b : buffers) {
    if (b.name.empty() || !names.insert(b.name).second) {
      return Diagnostic{"buffers need names that differ", owner, "",
                        "'" + b.name + "'", ""};
    }
    if (b.live &&
        (b.kind != BufferKind::Scratch || b.live->begin >= b.live->end)) {
      return Diagnostic{fmt::format("bad live range of buffer '{}'", b.name),
                        owner, "a range that is not empty, of a scratch buffer",
                        fmt::format("{} to {}", b.live->begin, b.live->end),
                        ""};
    }
  }
  return Status::success();
}

uint64_t SramProblem::lowerBound() const {
  uint64_t always = 0;
  uint64_t most = 0;
  for (const SramBuffer &b : buffers) {
    if (!b.live) {
      always += alignUp(b.bytes, alignment);
      continue;
    }
    // The most lives at the begin of some range.
    uint64_t here = 0;
    for (const SramBuffer &other : buffers) {
      if (other.live && other.live->begin <= b.live->begin &&
          b.live->begin < other.live->end) {
        here += alignUp(other.bytes, alignment);
      }
    }
    most = std::max(most, here);
  }
  return always + most;
}

std::string SramProblem::str() const {
  std::string text = fmt::format("sram '{}' capacity {} code {} alignment {}\n",
                                 owner, capacity, codeBytes, alignment);
  for (const SramBuffer &b : buffers) {
    text += fmt::format("  {} '{}' {}", kindName(b.kind), b.name, b.bytes);
    if (b.live) {
      text += fmt::format(" live {} to {}", b.live->begin, b.live->end);
    }
    text += '\n';
  }
  return text;
}

//===----------------------------------------------------------------------===//
// Solution
//===----------------------------------------------------------------------===//

Status SramSolution::verify(const SramProblem &problem) const {
  const std::vector<SramBuffer> &buffers = problem.buffers;
  auto error = [&](std::string what) {
    return Diagnostic{std::move(what), problem.owner, "", "", ""};
  };
  if (offsets.size() != buffers.size()) {
    return error("not every buffer has a place");
  }
  for (size_t i = 0; i < buffers.size(); ++i) {
    if (offsets[i] % problem.alignment != 0) {
      return error(fmt::format("buffer '{}' is not aligned to {} bytes",
                               buffers[i].name, problem.alignment));
    }
    uint64_t end = uint64_t(offsets[i]) + buffers[i].bytes;
    if (end + problem.codeBytes > problem.capacity || end > bytes) {
      return error(fmt::format("buffer '{}' ends at byte {}, in the code",
                               buffers[i].name, end));
    }
    for (size_t j = 0; j < i; ++j) {
      bool apart = end <= offsets[j] ||
                   uint64_t(offsets[j]) + buffers[j].bytes <= offsets[i];
      if (!apart && !mayShare(buffers[i], buffers[j])) {
        return error(fmt::format("buffers '{}' and '{}' overlap",
                                 buffers[j].name, buffers[i].name));
      }
    }
  }
  return Status::success();
}

std::string SramSolution::str(const SramProblem &problem) const {
  std::vector<size_t> order(problem.buffers.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return offsets[a] < offsets[b]; });
  std::string text;
  for (size_t i : order) {
    const SramBuffer &b = problem.buffers[i];
    text += fmt::format("{:>6} to {:>6}  {:>6} bytes  {} '{}'", offsets[i],
                        uint64_t(offsets[i]) + b.bytes, b.bytes,
                        kindName(b.kind), b.name);
    if (b.live) {
      text += fmt::format(" live {} to {}", b.live->begin, b.live->end);
    }
    text += '\n';
  }
  int64_t code = int64_t(problem.capacity) - problem.codeBytes;
  text += fmt::format("{:>6} to {:>6}  {:>6} bytes  code\n", code,
                      problem.capacity, problem.codeBytes);
  text += fmt::format("buffers take {} bytes (at least {}), {} are free\n",
                      bytes, problem.lowerBound(), code - int64_t(bytes));
  return text;
}

//===----------------------------------------------------------------------===//
// Solver
//===----------------------------------------------------------------------===//

/// The lowest aligned offset where `size` bytes meet none of `taken`.
static uint64_t lowestGap(std::vector<std::pair<uint64_t, uint64_t>> taken,
                          uint64_t size, uint64_t alignment) {
  std::sort(taken.begin(), taken.end());
  uint64_t at = 0;
  for (auto [begin, end] : taken) {
    if (at + size <= begin) {
      break;
    }
    at = std::max(at, alignUp(end, alignment));
  }
  return at;
}

/// Offsets without regard to the capacity; 64 bits wide.
static std::vector<uint64_t> place(const SramProblem &problem) {
  const std::vector<SramBuffer> &buffers = problem.buffers;
  std::vector<uint64_t> offsets(buffers.size(), 0);
  std::vector<size_t> order;
  uint64_t next = 0;
  for (size_t i = 0; i < buffers.size(); ++i) {
    if (buffers[i].live) {
      order.push_back(i);
      continue;
    }
    offsets[i] = next;
    next = alignUp(next + buffers[i].bytes, problem.alignment);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return buffers[a].bytes > buffers[b].bytes;
  });
  for (size_t n = 0; n < order.size(); ++n) {
    const SramBuffer &b = buffers[order[n]];
    std::vector<std::pair<uint64_t, uint64_t>> taken{{0, next}};
    for (size_t m = 0; m < n; ++m) {
      size_t other = order[m];
      if (!mayShare(b, buffers[other])) {
        taken.push_back(
            {offsets[other], offsets[other] + buffers[other].bytes});
      }
    }
    offsets[order[n]] = lowestGap(std::move(taken), b.bytes, problem.alignment);
  }
  return offsets;
}

static uint64_t endOf(const SramProblem &problem,
                      const std::vector<uint64_t> &offsets) {
  uint64_t end = 0;
  for (size_t i = 0; i < offsets.size(); ++i) {
    end = std::max(end, offsets[i] + problem.buffers[i].bytes);
  }
  return end;
}

/// The smallest change of one buffer that would fit, or how much is missing.
static std::string hintFor(const SramProblem &problem, uint64_t excess) {
  std::vector<size_t> order(problem.buffers.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return problem.buffers[a].bytes > problem.buffers[b].bytes;
  });
  for (size_t i : order) {
    uint32_t bytes = problem.buffers[i].bytes;
    if (problem.buffers[i].kind == BufferKind::Params) {
      continue;
    }
    // Whole alignment steps: what a smaller cut frees is padding.
    uint64_t rest = bytes > excess ? (bytes - excess) / problem.alignment *
                                         problem.alignment
                                   : 0;
    SramProblem smaller = problem;
    smaller.buffers[i].bytes = uint32_t(rest);
    if (rest > 0 && endOf(smaller, place(smaller)) + problem.codeBytes <=
                        problem.capacity) {
      return fmt::format("{} bytes less would fit, such as '{}' with {} bytes",
                         excess, problem.buffers[i].name, rest);
    }
  }
  return fmt::format(
      "{} bytes less would fit, but no single buffer is so large", excess);
}

static Diagnostic overflow(const SramProblem &problem, uint64_t bytes) {
  uint64_t demand = bytes + problem.codeBytes;
  std::vector<std::pair<uint64_t, std::string>> consumers;
  consumers.push_back({problem.codeBytes, "code"});
  for (const SramBuffer &b : problem.buffers) {
    consumers.push_back(
        {b.bytes, fmt::format("{} '{}'", kindName(b.kind), b.name)});
  }
  std::stable_sort(
      consumers.begin(), consumers.end(),
      [](const auto &a, const auto &b) { return a.first > b.first; });
  std::string biggest;
  for (size_t i = 0; i < std::min<size_t>(3, consumers.size()); ++i) {
    biggest += fmt::format("{}{} {}", i ? ", " : "", consumers[i].second,
                           consumers[i].first);
  }
  return {"program does not fit into the SRAM of a core", problem.owner,
          fmt::format("at most {} bytes", problem.capacity),
          fmt::format("{} bytes ({} of code, {} of buffers; most: {})", demand,
                      problem.codeBytes, bytes, biggest),
          hintFor(problem, demand - problem.capacity)};
}

Result<SramSolution> wafer::allocateSram(const SramProblem &problem) {
  if (Status status = problem.check(); !status) {
    return status.takeError();
  }
  std::vector<uint64_t> offsets = place(problem);
  uint64_t bytes = endOf(problem, offsets);
  if (bytes + problem.codeBytes > problem.capacity) {
    return overflow(problem, bytes);
  }
  SramSolution solution;
  solution.offsets.assign(offsets.begin(), offsets.end());
  solution.bytes = uint32_t(bytes);
  return solution;
}
