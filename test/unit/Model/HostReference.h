// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- HostReference.h - A transformer step by step on the host -*- C++ -*-===//
//
// The decode step of the llama and qwen3 families in scalar float, one token at
// a time with a KV cache, written for reading. It judges the importers, and
// everything that runs a model on simulated cores. A test utility: all weights
// are held as float.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_MODEL_HOSTREFERENCE_H
#define WAFER_TEST_UNIT_MODEL_HOSTREFERENCE_H

#include "wafer/Model/Model.h"

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace wafer::test {

class HostReference {
public:
  explicit HostReference(const Model &model) : config(model.config) {
    for (const auto &[name, tensor] : model.tensors) {
      std::vector<float> &values = weights[name];
      values.resize(tensor.elements());
      model.read(name, 0, values.size(), values.data());
    }
    keys.resize(config.layers);
    values.resize(config.layers);
    divisors = ropeDivisors();
  }

  /// Feeds one token and returns the logits of the next one.
  std::vector<float> step(uint32_t token) {
    const std::vector<float> &embed = weights.at("embed");
    auto row = embed.begin() + size_t(token) * config.dim;
    std::vector<float> x(row, row + config.dim);
    for (uint32_t layer = 0; layer < config.layers; ++layer) {
      const std::string prefix = "layers." + std::to_string(layer) + ".";
      add(x, attention(layer, prefix, norm(x, prefix + "attn_norm")));
      add(x, feedForward(prefix, norm(x, prefix + "ffn_norm")));
    }
    ++position;
    return multiply(config.tiedHead ? "embed" : "head", norm(x, "final_norm"));
  }

  /// Feeds `prompt`, then generates greedily (ties: the lowest id) until
  /// `total` tokens are there; returns all of them.
  std::vector<uint32_t> generate(std::vector<uint32_t> prompt, size_t total) {
    std::vector<float> logits;
    for (uint32_t token : prompt) {
      logits = step(token);
    }
    while (prompt.size() < total) {
      prompt.push_back(argmax(logits));
      if (prompt.size() < total) {
        logits = step(prompt.back());
      }
    }
    return prompt;
  }

  static uint32_t argmax(const std::vector<float> &logits) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < logits.size(); ++i) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

private:
  static void add(std::vector<float> &to, const std::vector<float> &from) {
    for (size_t i = 0; i < to.size(); ++i) {
      to[i] += from[i];
    }
  }

  /// y = W x for a tensor [outputs, inputs].
  std::vector<float> multiply(const std::string &name,
                              const std::vector<float> &x) const {
    const std::vector<float> &w = weights.at(name);
    std::vector<float> y(w.size() / x.size());
    for (size_t o = 0; o < y.size(); ++o) {
      double sum = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        sum += double(w[o * x.size() + i]) * x[i];
      }
      y[o] = float(sum);
    }
    return y;
  }

  /// x / rms(x) * weight, in place on `count` values.
  void normalize(float *x, size_t count, const std::string &name) const {
    const std::vector<float> &weight = weights.at(name);
    double squares = 0;
    for (size_t i = 0; i < count; ++i) {
      squares += double(x[i]) * x[i];
    }
    float scale =
        float(1 / std::sqrt(squares / double(count) + config.normEps));
    for (size_t i = 0; i < count; ++i) {
      x[i] = x[i] * scale * weight[i];
    }
  }

  std::vector<float> norm(std::vector<float> x, const std::string &name) const {
    normalize(x.data(), x.size(), name);
    return x;
  }

  /// By what the rotary frequency of each pair is divided.
  std::vector<double> ropeDivisors() const {
    const RopeScaling &rule = config.ropeScaling;
    std::vector<double> result(config.headDim / 2, 1);
    for (uint32_t i = 0; i < result.size(); ++i) {
      if (rule.kind == RopeScaling::Kind::Linear) {
        result[i] = rule.factor;
      } else if (rule.kind == RopeScaling::Kind::Llama3) {
        // Long waves are slowed by the factor, short ones not at all, those
        // in between by a mean of both frequencies.
        double waveLength =
            2 * M_PI * std::pow(config.ropeTheta, 2.0 * i / config.headDim);
        double waves = rule.originalContext / waveLength;
        double smooth = (waves - rule.lowFreqFactor) /
                        (rule.highFreqFactor - rule.lowFreqFactor);
        smooth = std::min(1.0, std::max(0.0, smooth));
        result[i] = 1 / ((1 - smooth) / rule.factor + smooth);
      }
    }
    return result;
  }

  /// Rotates the pairs of one head to the current position.
  void rotate(float *head) const {
    const uint32_t half = config.headDim / 2;
    const bool interleaved = config.ropePairing == RopePairing::Interleaved;
    for (uint32_t i = 0; i < half; ++i) {
      double angle = position *
                     std::pow(config.ropeTheta, -2.0 * i / config.headDim) /
                     divisors[i];
      float c = float(std::cos(angle)), s = float(std::sin(angle));
      float &a = head[interleaved ? 2 * i : i];
      float &b = head[interleaved ? 2 * i + 1 : i + half];
      float rotatedA = a * c - b * s;
      b = a * s + b * c;
      a = rotatedA;
    }
  }

  /// Per head: the norm of qwen3, then rotary embedding.
  void prepareHeads(std::vector<float> &x, const std::string &normName) const {
    for (size_t begin = 0; begin < x.size(); begin += config.headDim) {
      if (config.qkNorm) {
        normalize(&x[begin], config.headDim, normName);
      }
      rotate(&x[begin]);
    }
  }

  std::vector<float> attention(uint32_t layer, const std::string &prefix,
                               const std::vector<float> &x) {
    std::vector<float> q = multiply(prefix + "q", x);
    std::vector<float> k = multiply(prefix + "k", x);
    prepareHeads(q, prefix + "q_norm");
    prepareHeads(k, prefix + "k_norm");
    keys[layer].push_back(std::move(k));
    values[layer].push_back(multiply(prefix + "v", x));
    std::vector<float> out(q.size(), 0);
    for (uint32_t head = 0; head < config.heads; ++head) {
      attendHead(layer, head, &q[size_t(head) * config.headDim],
                 &out[size_t(head) * config.headDim]);
    }
    return multiply(prefix + "o", out);
  }

  void attendHead(uint32_t layer, uint32_t head, const float *q,
                  float *out) const {
    const size_t offset =
        size_t(head / (config.heads / config.kvHeads)) * config.headDim;
    std::vector<double> scores;
    double most = -INFINITY, sum = 0;
    for (const std::vector<float> &k : keys[layer]) {
      double score = 0;
      for (uint32_t i = 0; i < config.headDim; ++i) {
        score += double(q[i]) * k[offset + i];
      }
      scores.push_back(score / std::sqrt(double(config.headDim)));
      most = std::max(most, scores.back());
    }
    for (double &score : scores) {
      score = std::exp(score - most);
      sum += score;
    }
    for (size_t p = 0; p < scores.size(); ++p) {
      for (uint32_t i = 0; i < config.headDim; ++i) {
        out[i] += float(scores[p] / sum * values[layer][p][offset + i]);
      }
    }
  }

  std::vector<float> feedForward(const std::string &prefix,
                                 const std::vector<float> &x) const {
    std::vector<float> gate = multiply(prefix + "gate", x);
    std::vector<float> up = multiply(prefix + "up", x);
    for (size_t i = 0; i < gate.size(); ++i) {
      gate[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
    }
    return multiply(prefix + "down", gate);
  }

  ModelConfig config;
  std::map<std::string, std::vector<float>> weights;
  std::vector<double> divisors;
  /// Per layer and position: kvHeads * headDim values.
  std::vector<std::vector<std::vector<float>>> keys;
  std::vector<std::vector<std::vector<float>>> values;
  uint32_t position = 0;
};

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_MODEL_HOSTREFERENCE_H
