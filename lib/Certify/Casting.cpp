// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Casting.h"
#include "Needs.h"

using namespace wafer;
using namespace wafer::certifier;

Casting::Casting(const Channels &channels, Vocabulary &vocabulary)
    : channels(channels), vocabulary(vocabulary) {
  for (uint32_t cell = 0; cell < channels.cells(); ++cell) {
    uint32_t inputs = 0, outputs = 0;
    for (unsigned q = 0; q < kQueues; ++q) {
      inputs |= uint32_t(channels.into(cell, q) == kFree) << q;
      outputs |= uint32_t(channels.outOf(cell, q) == kFree) << q;
    }
    if (inputs || outputs) {
      freeQueues[cell] = {inputs, outputs};
    }
  }
  skeletonOf.assign(channels.cells(), kNobody);
  for (uint32_t r = 0; r < channels.image.roles.size() && refusal.empty();
       ++r) {
    castRole(r);
  }
  std::vector<uint32_t> needed =
      findNeededWords(channels, skeletons, roles, vocabulary);
  for (const Skeleton &s : skeletons) {
    templates.emplace_back(s, needed, vocabulary);
  }
  std::vector<uint64_t> cores(skeletons.size());
  for (uint32_t s : skeletonOf) {
    if (s != kNobody) {
      ++cores[s];
    }
  }
  for (size_t s = 0; s < skeletons.size(); ++s) {
    moves +=
        cores[s] * (skeletons[s].prefix.size() + skeletons[s].period.size());
    hasPrefix |= !movesOf(skeletons[s].prefix).empty();
  }
}

/// A number for each core of a region, row by row: cores with equal numbers
/// have equal values of the parameters.
std::vector<uint64_t>
Casting::keysOf(uint32_t regionIndex,
                const std::vector<uint32_t> &params) const {
  const Region &region = channels.image.regions[regionIndex];
  const Role &role = channels.image.roles[region.role];
  const Rect &rect = region.rect;
  // A parameter depends on the row or on the column alone.
  auto classes = [&](ParamSource::Kind kind, int32_t count) {
    std::map<std::vector<uint16_t>, uint64_t> ids;
    std::vector<uint64_t> result;
    for (int32_t i = 0; i < count; ++i) {
      Coord core = kind == ParamSource::Kind::Row ? Coord{rect.x, rect.y + i}
                                                  : Coord{rect.x + i, rect.y};
      std::vector<uint16_t> values;
      for (uint32_t p : params) {
        if (role.params[p].kind == kind) {
          values.push_back(Image::paramAt(region, role.params[p], core));
        }
      }
      result.push_back(ids.emplace(values, ids.size()).first->second);
    }
    return result;
  };
  std::vector<uint64_t> rows = classes(ParamSource::Kind::Row, rect.h);
  std::vector<uint64_t> columns = classes(ParamSource::Kind::Column, rect.w);
  std::vector<uint64_t> keys;
  keys.reserve(rows.size() * columns.size());
  for (uint64_t row : rows) {
    for (uint64_t column : columns) {
      keys.push_back(row * columns.size() + column);
    }
  }
  return keys;
}

std::vector<uint16_t>
Casting::valuesAt(uint32_t cell, const std::vector<uint32_t> &params) const {
  std::vector<uint16_t> values;
  for (uint32_t p : params) {
    values.push_back(channels.paramAt(cell, p));
  }
  return values;
}

/// Finds the skeletons of a role whose cores are told apart by `demanded`.
/// False if more parameters are asked for; they are added.
bool Casting::tryRole(uint32_t roleIndex, const CodeShape &shape,
                      std::set<uint32_t> &demanded) {
  const Image &image = channels.image;
  const Role &role = image.roles[roleIndex];
  const std::vector<uint32_t> params(demanded.begin(), demanded.end());
  CoreKind kind;
  for (const InitData &d : image.initData) {
    if (image.regions[d.region].role == roleIndex) {
      kind.loaded.push_back({d.offset, d.offset + d.bytes});
    }
  }
  std::map<std::vector<uint32_t>, uint32_t> known;
  const size_t first = skeletons.size();
  for (uint32_t r = 0; r < image.regions.size(); ++r) {
    const Region &region = image.regions[r];
    if (region.role != roleIndex) {
      continue;
    }
    std::vector<uint64_t> keys = keysOf(r, params);
    std::map<uint64_t, uint32_t> byKey;
    for (size_t i = 0; i < keys.size(); ++i) {
      uint32_t cell =
          channels.cellOf({region.rect.x + int32_t(i) % region.rect.w,
                           region.rect.y + int32_t(i) / region.rect.w});
      auto its = freeQueues.find(cell);
      bool isFree = its != freeQueues.end();
      auto same = byKey.find(keys[i]);
      if (!isFree && same != byKey.end()) {
        skeletonOf[cell] = same->second;
        continue;
      }
      kind.freeInputs = isFree ? its->second.first : 0;
      kind.freeOutputs = isFree ? its->second.second : 0;
      std::vector<uint16_t> values = valuesAt(cell, params);
      std::vector<uint32_t> key(values.begin(), values.end());
      key.push_back(kind.freeInputs);
      key.push_back(kind.freeOutputs);
      auto [at, isNew] = known.emplace(key, uint32_t(skeletons.size()));
      if (isNew) {
        kind.params.clear();
        for (size_t p = 0; p < params.size(); ++p) {
          kind.params[params[p]] = values[p];
        }
        skeletons.push_back(
            findSkeleton(role, roleIndex, shape, kind, vocabulary));
        const std::set<uint32_t> more = skeletons.back().demanded;
        if (!more.empty()) {
          demanded.insert(more.begin(), more.end());
          skeletons.resize(first);
          return false;
        }
        if (!skeletons.back().refusal.empty()) {
          refusal = skeletons.back().refusal;
          return true;
        }
      }
      skeletonOf[cell] = at->second;
      if (!isFree) {
        byKey[keys[i]] = at->second;
      }
    }
  }
  return true;
}

void Casting::castRole(uint32_t roleIndex) {
  CodeShape shape(channels.image.roles[roleIndex]);
  std::set<uint32_t> demanded;
  while (!tryRole(roleIndex, shape, demanded)) {
  }
  roles.resize(skeletons.size(), roleIndex);
}

/// What a value of parameters comes to in a core.
uint32_t Casting::answerAt(uint32_t cell, Value question) {
  std::map<uint32_t, Value> known;
  for (uint32_t leaf : vocabulary.symbols.leavesOf(question)) {
    uint32_t param = vocabulary.symbols[leaf].args[1].add;
    known[leaf] = certifier::known(channels.paramAt(cell, param));
  }
  return vocabulary.symbols.substitute(question, known).add;
}

namespace {

/// The answers of cores of one region and skeleton, by row and column: most
/// questions depend on one of them.
class Answers {
public:
  Answers(const Channels &channels, const Symbols &symbols,
          const Region &region, const Template &form);

  template <typename Ask>
  std::vector<uint32_t> at(int32_t row, int32_t column, Ask ask);

private:
  enum class Axis : uint8_t { Row, Column, Both };
  const std::vector<Value> &questions;
  std::vector<Axis> axes;
  /// By row and by column: the answers that depend on it, in order.
  std::vector<std::vector<uint32_t>> rows, columns;
};

} // namespace

Answers::Answers(const Channels &channels, const Symbols &symbols,
                 const Region &region, const Template &form)
    : questions(form.questions()), rows(size_t(region.rect.h)),
      columns(size_t(region.rect.w)) {
  const Role &role = channels.image.roles[region.role];
  for (Value q : questions) {
    bool row = false, column = false;
    for (uint32_t leaf : symbols.leavesOf(q)) {
      ParamSource::Kind kind = role.params[symbols[leaf].args[1].add].kind;
      row |= kind == ParamSource::Kind::Row;
      column |= kind == ParamSource::Kind::Column;
    }
    axes.push_back(row && column ? Axis::Both : row ? Axis::Row : Axis::Column);
  }
}

template <typename Ask>
std::vector<uint32_t> Answers::at(int32_t row, int32_t column, Ask ask) {
  std::vector<uint32_t> &ofRow = rows[size_t(row)];
  std::vector<uint32_t> &ofColumn = columns[size_t(column)];
  bool newRow = ofRow.empty(), newColumn = ofColumn.empty();
  std::vector<uint32_t> result;
  result.reserve(questions.size());
  size_t nextOfRow = 0, nextOfColumn = 0;
  for (size_t i = 0; i < questions.size(); ++i) {
    bool isRow = axes[i] == Axis::Row;
    if (axes[i] == Axis::Both) {
      result.push_back(ask(questions[i]));
      continue;
    }
    std::vector<uint32_t> &line = isRow ? ofRow : ofColumn;
    if (isRow ? newRow : newColumn) {
      line.push_back(ask(questions[i]));
    }
    result.push_back(line[isRow ? nextOfRow++ : nextOfColumn++]);
  }
  return result;
}

/// Loops whose rounds differ between cores of one region, by role: written once
/// they would stand between two barriers of cores that do not meet. Rows of a
/// gate, for example, pass on what lies behind them.
std::map<uint32_t, std::set<uint32_t>> Casting::findUnequalLoops(
    const std::vector<std::vector<Step>> &foldedSteps) const {
  std::map<uint32_t, std::set<uint32_t>> unequal;
  for (const Region &region : channels.image.regions) {
    std::set<uint32_t> skeletonsHere;
    for (int32_t y = 0; y < region.rect.h; ++y) {
      for (int32_t x = 0; x < region.rect.w; ++x) {
        skeletonsHere.insert(skeletonOf[channels.cellOf(
            {region.rect.x + x, region.rect.y + y})]);
      }
    }
    std::map<uint32_t, uint32_t> roundsOf;
    for (uint32_t skeleton : skeletonsHere) {
      for (const Step &s : foldedSteps[skeleton]) {
        if (s.kind == Step::Kind::LoopBegin &&
            roundsOf.emplace(s.at, s.rounds).first->second != s.rounds) {
          unequal[region.role].insert(s.at);
        }
      }
    }
  }
  return unequal;
}

std::vector<std::vector<Step>> Casting::stepsOf(bool prefix,
                                                bool folded) const {
  std::vector<std::vector<Step>> all, steps;
  for (const Template &t : templates) {
    all.push_back(prefix ? t.prefix : std::vector<Step>());
    all.back().insert(all.back().end(), t.period.begin(), t.period.end());
    steps.push_back(folded ? foldLoops(all.back(), {}) : movesOf(all.back()));
  }
  if (folded) {
    auto unequal = findUnequalLoops(steps);
    for (size_t i = 0; i < steps.size(); ++i) {
      if (const std::set<uint32_t> &except = unequal[roles[i]];
          !except.empty()) {
        steps[i] = foldLoops(all[i], except);
      }
    }
  }
  return steps;
}

Cast Casting::make(bool prefix, bool folded) {
  Cast cast;
  cast.skeletons = skeletons;
  cast.programOf.assign(channels.cells(), kNobody);
  std::vector<std::vector<Step>> steps = stepsOf(prefix, folded);
  for (const Template &t : templates) {
    cast.leaves.push_back(t.leaves());
  }
  std::map<std::pair<uint32_t, std::vector<uint32_t>>, uint32_t> known;
  for (const Region &region : channels.image.regions) {
    std::map<uint32_t, Answers> answers;
    for (int32_t y = 0; y < region.rect.h; ++y) {
      for (int32_t x = 0; x < region.rect.w; ++x) {
        uint32_t cell = channels.cellOf({region.rect.x + x, region.rect.y + y});
        uint32_t skeleton = skeletonOf[cell];
        const Template &t = templates[skeleton];
        Answers &its =
            answers
                .try_emplace(skeleton, channels, vocabulary.symbols, region, t)
                .first->second;
        auto [at, isNew] = known.emplace(
            std::pair(skeleton, its.at(y, x,
                                       [&](Value question) {
                                         return answerAt(cell, question);
                                       })),
            uint32_t(cast.programs.size()));
        if (isNew) {
          cast.programs.push_back(
              {skeleton, t.specialise(steps[skeleton], at->first.second)});
        }
        cast.programOf[cell] = at->second;
      }
    }
  }
  return cast;
}

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
  return hash ^ hash >> 29;
}

uint32_t Casting::digestOf(const Cast &cast) const {
  std::vector<uint64_t> hashes;
  for (const Program &program : cast.programs) {
    uint64_t hash = 1;
    for (const Op &op : program.ops) {
      hash = mix(hash, uint64_t(op.kind) | uint64_t(uint8_t(op.in)) << 8 |
                           uint64_t(uint8_t(op.out)) << 16 |
                           uint64_t(op.shape == kNobody) << 24 |
                           uint64_t(op.at) << 32);
      hash = mix(hash, uint64_t(op.words) << 32 | op.rounds);
    }
    hashes.push_back(hash);
  }
  uint64_t digest = 0;
  for (uint32_t cell = 0; cell < channels.cells(); ++cell) {
    if (cast.programOf[cell] != kNobody) {
      digest += mix(hashes[cast.programOf[cell]], cell);
    }
  }
  return uint32_t(digest ^ digest >> 32);
}
