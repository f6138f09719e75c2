// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "LayerWriter.h"

#include <fmt/format.h>

using namespace wafer::bench;

//===----------------------------------------------------------------------===//
// Descriptors and buffers
//===----------------------------------------------------------------------===//

std::string LayerWriter::descriptor(const std::string &key,
                                    const std::string &text) {
  auto [it, isNew] = known.try_emplace(key, key);
  if (isNew) {
    params += fmt::format("    {}: {}\n", key, text);
    halfwords += 8;
  }
  return it->second;
}

std::string LayerWriter::memory(const std::string &buffer, uint32_t elements,
                                int stride, const std::string &offset,
                                const std::string &flags) {
  auto named = [](const std::string &part) {
    return part.empty() ? "" : "_" + part;
  };
  std::string key = fmt::format("m_{}_{}_{}{}{}", buffer, elements, stride,
                                named(offset), named(flags));
  return descriptor(key, fmt::format("desc mem base={}{}{} extent={} stride={}"
                                     " {}",
                                     buffer, offset.empty() ? "" : " + ",
                                     offset, elements, stride, flags));
}

std::string LayerWriter::fabric(const std::string &kind, unsigned queue,
                                uint32_t elements, const std::string &flags) {
  std::string key = fmt::format("{}_{}_{}", kind, queue, elements);
  for (char c : flags.empty() ? flags : "_" + flags) {
    key += c == ' ' ? '_' : c;
  }
  return descriptor(key, fmt::format("desc {} queue={} extent={} {}", kind,
                                     queue, elements, flags));
}

std::string LayerWriter::layOut(const std::vector<BufferSpec> &specs,
                                uint32_t at) {
  std::string text;
  for (const BufferSpec &b : specs) {
    uint32_t bytes = (b.elementBytes * b.elements + 3) / 4 * 4;
    text += fmt::format("  buffer @{} {} at {} size {}\n", b.name, b.kind, at,
                        bytes);
    at += bytes;
  }
  return text;
}

//===----------------------------------------------------------------------===//
// Parts of programs
//===----------------------------------------------------------------------===//

void LayerWriter::allReduce(Line &l, const std::string &op,
                            const std::string &move, uint32_t elements,
                            const std::string &flags) {
  l.isUsed = true;
  auto reg = [&](unsigned i) {
    return fmt::format("r{}", l.firstRegister + i);
  };
  std::string first = reg(0), second = reg(1), sends = reg(2), passes = reg(3);
  std::string own = memory("acc", elements);
  std::string next = fresh("next"), root = fresh("root"), out = fresh("out"),
              plain = fresh("plain"), take = fresh("take"),
              share = fresh("share"), done = fresh("done");
  std::string sum = op + " d0, s0.0, s1.0";
  auto in = [&](unsigned queue) {
    load("s0.0", fabric("fabin", queue, elements, flags));
  };
  std::string to = fabric("fabout", l.outQueue, elements, flags);
  std::string advance = flags.empty() ? "advance" : flags + " advance";
  load("d0", own);
  load("s1.0", own);
  line(fmt::format("beq {}, r0, {}", first, next));
  in(l.firstQueue);
  line(sum);
  line(fmt::format("beq {}, r9, {}", first, next));
  line(sum);
  mark(next);
  in(l.secondQueue);
  line(fmt::format("beq {}, r0, {}", sends, root));
  load("d1", to);
  line(fmt::format("beq {}, r9, {}", sends, out));
  load("d1", fabric("fabout", l.outQueue, elements, advance));
  mark(out);
  line(fmt::format("beq {}, r0, {}", passes, plain));
  line(op + " d1, s0.0, s1.0");
  line("jmp " + take);
  mark(plain);
  line(move + " d1, d0");
  mark(take);
  in(l.shareQueue);
  line(move + " d0, s0.0");
  line("jmp " + done);
  mark(root);
  line(fmt::format("beq {}, r0, {}", second, share));
  line(sum);
  line(fmt::format("beq {}, r9, {}", second, share));
  line(sum);
  mark(share);
  load("d1", to);
  line(move + " d1, d0");
  mark(done);
}

void LayerWriter::product(const std::string &op, const std::string &zero,
                          const std::string &dest, const std::string &row,
                          uint32_t inner) {
  std::string loop = fresh("loop");
  load("d0", dest);
  line(zero + " d0, r0");
  load("s1.0", row);
  line(fmt::format("li r2, {}", inner));
  mark(loop);
  line("ldh r3, [r1]");
  line(op + " d0, d0, s1.0, r3");
  line("addi r1, r1, 2");
  line("dbnz r2, " + loop);
}

void LayerWriter::reciprocalRoot() {
  line("li r4, 0.5");
  line("fmul r4, r3, r4");
  line("shri r5, r3, 1");
  line("li r6, 0x5f3759df");
  line("sub r5, r6, r5");
  line("li r7, 1.5");
  for (int step = 0; step < 3; ++step) {
    line("fmul r6, r5, r5");
    line("fmul r6, r6, r4");
    line("fsub r6, r7, r6");
    line("fmul r5, r5, r6");
  }
  line("add r3, r5, r0");
}
