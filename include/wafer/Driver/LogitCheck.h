// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LogitCheck.h - A run judged by the model on the host -----*- C++ -*-===//
//
// `wsec run --check`: after every step the logits that lie in the cores are
// compared with those that the model's own graph gives on the host for the
// same ids. What computes the graph is not part of this library (it needs a
// compiler): the tool hands it to runDriver() as a HostModelFactory.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_DRIVER_LOGITCHECK_H
#define WAFER_DRIVER_LOGITCHECK_H

#include "wafer/Sim/Engine.h"
#include "wafer/Sim/ModelStates.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wafer {

/// A model that runs on the host, a token at a time.
class HostModel {
public:
  virtual ~HostModel();

  struct Step {
    /// The id with the largest logit, the lowest one of equals.
    uint32_t next = 0;
    /// One logit per id of the vocabulary; valid until the next step.
    const float *logits = nullptr;
  };

  virtual size_t vocab() const = 0;
  /// Feeds the token at `position`; positions come in order, from 0 or from the
  /// end of the states that were set.
  virtual Result<Step> step(uint32_t id, uint64_t position) = 0;
  /// Fills the first positions of a state; all states are filled alike.
  virtual Status setState(const ModelState &state) = 0;

protected:
  HostModel() = default;
};

/// Makes the model of an image from Image::graph. `model` is where its files
/// are now (a file or a folder); empty: where they were when it was compiled.
using HostModelFactory = std::function<Result<std::unique_ptr<HostModel>>(
    const Image &image, const std::string &model)>;

/// The largest differences of a run so far.
struct LogitErrors {
  uint64_t steps = 0;
  /// Infinite where one of two logits is a NaN and the other is not.
  double maxAbsError = 0;
  /// Where that was: the step counted from 0, and the id of the logit.
  uint64_t step = 0;
  uint32_t id = 0;
  /// The largest finite logit of the host, for comparison.
  double maxAbsLogit = 0;
  /// Of all logits of a step: |wafer - host| / |host| (Euclidean), the largest.
  /// The head is linear, so this is near the relative error of the last hidden
  /// state. Infinite as above.
  double relativeError = 0;

  /// The first step in which the two chose different ids.
  struct Difference {
    uint64_t step = 0;
    uint32_t host = 0, wafer = 0;
    /// What the host gives the two ids.
    float hostLogit = 0, waferLogit = 0;
  };
  std::optional<Difference> difference;
};

class LogitCheck {
public:
  /// The name of the tensor that holds the logits of the last step.
  static constexpr const char *kTensor = "logits_out";

  /// Fails when the image places no such tensor of f32, or one of another
  /// length than the model's vocabulary. The first step is at `position`. The
  /// arguments must outlive the check.
  static Result<LogitCheck> create(Engine &engine, const Image &image,
                                   HostModel &model, uint64_t position = 0);

  /// To be called when the wafer has said `chosen` after its step with `fed`,
  /// for every step in order.
  Status step(uint32_t fed, uint32_t chosen);

  const LogitErrors &errors() const { return result; }

private:
  LogitCheck(Engine &engine, const Image &image, HostModel &model,
             const TensorPlacement &tensor, uint64_t position)
      : engine(&engine), image(&image), model(&model), tensor(&tensor),
        position(position) {}

  Engine *engine;
  const Image *image;
  HostModel *model;
  const TensorPlacement *tensor;
  uint64_t position;
  LogitErrors result;
};

} // namespace wafer

#endif // WAFER_DRIVER_LOGITCHECK_H
