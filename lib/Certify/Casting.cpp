// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Casting.h"

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
  for (const Skeleton &s : skeletons) {
    templates.emplace_back(s, vocabulary);
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
      Coord core = kind == ParamSource::Kind::Row
                       ? Coord{rect.x, rect.y + i}
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
}

Cast Casting::make(bool prefix, bool folded) {
  Cast cast;
  cast.skeletons = skeletons;
  cast.programOf.assign(channels.cells(), kNobody);
  std::vector<std::vector<Step>> steps;
  for (const Template &t : templates) {
    std::vector<Step> all = prefix ? t.prefix : std::vector<Step>();
    all.insert(all.end(), t.period.begin(), t.period.end());
    steps.push_back(folded ? foldLoops(all) : movesOf(all));
    cast.leaves.push_back(t.leaves());
  }
  using Key = std::pair<uint32_t, std::vector<uint16_t>>;
  std::map<Key, uint32_t> known;
  for (uint32_t r = 0; r < channels.image.regions.size(); ++r) {
    const Region &region = channels.image.regions[r];
    // The keys of the region for each skeleton that its cores have.
    std::map<uint32_t, std::vector<uint64_t>> keys;
    std::map<std::pair<uint32_t, uint64_t>, uint32_t> byKey;
    for (int32_t y = 0; y < region.rect.h; ++y) {
      for (int32_t x = 0; x < region.rect.w; ++x) {
        uint32_t cell =
            channels.cellOf({region.rect.x + x, region.rect.y + y});
        uint32_t skeleton = skeletonOf[cell];
        const Template &t = templates[skeleton];
        auto [its, isNewSkeleton] = keys.try_emplace(skeleton);
        if (isNewSkeleton) {
          its->second = keysOf(r, t.parameters());
        }
        uint64_t key = its->second[size_t(y) * size_t(region.rect.w) +
                                   size_t(x)];
        auto [same, isNewKey] = byKey.try_emplace({skeleton, key});
        if (isNewKey) {
          Key values = {skeleton, valuesAt(cell, t.parameters())};
          auto [at, isNew] =
              known.emplace(values, uint32_t(cast.programs.size()));
          if (isNew) {
            cast.programs.push_back(
                {skeleton, t.specialise(steps[skeleton], values.second)});
          }
          same->second = at->second;
        }
        cast.programOf[cell] = same->second;
      }
    }
  }
  return cast;
}
