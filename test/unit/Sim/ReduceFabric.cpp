// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "EditImage.h"
#include "Reducer.h"

using namespace wafer;
using namespace wafer::test;

/// The largest rectangle that is split into its cores, so that they can go one
/// by one; larger ones lose rows and columns at their sides.
static constexpr int64_t kMaxSplit = 64;

/// `rectOf(case)` is the rectangle, `crop` leaves a part, `split` makes its
/// cores items of their own. `whole`: only rows or columns at its end can go.
template <typename RectOf, typename Crop, typename Split>
void Reducer::reduceRectangle(const RectOf &rectOf, const Crop &crop,
                              const Split &split, bool whole) {
  for (bool columns : {true, false}) {
    auto sideOf = [&](RandomCase &c) {
      const Rect &r = rectOf(c);
      return size_t(columns ? r.w : r.h);
    };
    trim(
        sideOf,
        [&](RandomCase &c, size_t begin, size_t end) {
          Rect part = rectOf(c);
          (columns ? part.x : part.y) += int32_t(begin);
          (columns ? part.w : part.h) = int32_t(end - begin);
          crop(c, part);
        },
        1, !whole);
  }
  int64_t area = rectOf(best()).area();
  if (area > 1 && area <= kMaxSplit) {
    attempt(split);
  }
}

void Reducer::reduceRectangles() {
  removeRanges([](RandomCase &c) { return c.image.regions.size(); },
               [](RandomCase &c, size_t first, size_t last) {
                 removeRegions(c.image, first, last);
                 removeUnused(c.image);
               });
  // Split regions stand at the end of the list, and come to be looked at.
  for (size_t i = 0; i < image().regions.size(); ++i) {
    reduceRectangle(
        [=](RandomCase &c) -> auto & { return c.image.regions[i].rect; },
        [=](RandomCase &c, const Rect &part) { cropRegion(c.image, i, part); },
        [=](RandomCase &c) { splitRegion(c.image, i); }, false);
  }
  auto rules = [](RandomCase &c) -> auto & { return c.image.rules; };
  removeItems(rules);
  for (size_t i = 0; i < image().rules.size(); ++i) {
    reduceRectangle(
        [=](RandomCase &c) -> auto & { return c.image.rules[i].rect; },
        [=](RandomCase &c, const Rect &part) {
          cropRule(c.image.rules[i], part);
        },
        [=](RandomCase &c) { splitRule(c.image, i); },
        image().rules[i].skew != 0);
  }
  removeItems(rules);
  size_t used = image().roles.size() + image().configs.size();
  RandomCase copy = best();
  removeUnused(copy.image);
  if (copy.image.roles.size() + copy.image.configs.size() < used) {
    attempt([](RandomCase &c) { removeUnused(c.image); });
  }
  // Intent and names mean nothing to an engine.
  removeItems([](RandomCase &c) -> auto & { return c.image.families; });
  removeItems([](RandomCase &c) -> auto & { return c.image.streams; });
  removeItems([](RandomCase &c) -> auto & { return c.image.tensors; });
  removeItems([](RandomCase &c) -> auto & { return c.image.stages; });
  for (auto text :
       {&Image::model, &Image::tokenizer, &Image::report, &Image::graph}) {
    setTo([=](RandomCase &c) -> auto & { return c.image.*text; },
          std::string());
  }
}

void Reducer::reduceConfig(size_t index) {
  auto config = [=](RandomCase &c) -> RouteConfig & {
    return c.image.configs[index];
  };
  setTo([&](RandomCase &c) -> auto & { return config(c).filter; }, Filter());
  lower([&](RandomCase &c) -> auto & { return config(c).currentPosition; }, 0);
  for (unsigned p = config(best()).numPositions; p-- > 0;) {
    if (config(best()).numPositions > 1) {
      attempt([&](RandomCase &c) {
        RouteConfig &r = config(c);
        std::move(r.positions.begin() + p + 1, r.positions.end(),
                  r.positions.begin() + p);
        r.positions.back() = {};
        --r.numPositions;
        r.currentPosition -= r.currentPosition > p;
      });
    }
  }
  setTo([&](RandomCase &c) -> auto & { return config(c).ring; }, false);
  setTo([&](RandomCase &c) -> auto & { return config(c).pop; }, PopMode::Never);
  for (unsigned p = 0; p < config(best()).numPositions; ++p) {
    for (auto mask : {&SwitchPosition::rx, &SwitchPosition::tx}) {
      auto find = [&](RandomCase &c) -> uint8_t & {
        return config(c).positions[p].*mask;
      };
      for (unsigned bit = 1; bit < 32; bit *= 2) {
        if (find(best()) & bit) {
          attempt([&](RandomCase &c) { find(c) ^= uint8_t(bit); });
        }
      }
    }
  }
  for (auto value :
       {&Filter::init, &Filter::limit, &Filter::min, &Filter::max}) {
    lower([&](RandomCase &c) -> auto & { return config(c).filter.*value; }, 0);
  }
}

void Reducer::reduceFabric() {
  for (size_t i = 0; i < image().configs.size(); ++i) {
    reduceConfig(i);
  }
  for (size_t i = 0; i < image().rules.size(); ++i) {
    auto rule = [=](RandomCase &c) -> Rule & { return c.image.rules[i]; };
    setTo([&](RandomCase &c) -> auto & { return rule(c).name; }, std::string());
    for (size_t k = 0; k < rule(best()).classes.size(); ++k) {
      for (size_t r = 0; r < rule(best()).classes[k].size(); ++r) {
        setTo(
            [&](RandomCase &c) -> auto & {
              return rule(c).classes[k][r].config;
            },
            kNoRoute);
      }
    }
  }
}
