// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RandomNets.h"

#include "wafer/Support/Rng.h"

#include <map>
#include <set>

using namespace wafer;
using namespace wafer::test;

namespace {

constexpr unsigned kPeriodsOfBounded = 7;
constexpr unsigned kData = 16384;
/// Where each core keeps the number of a stream.
constexpr unsigned kNumbers = kData + 4096;

/// Something that cores do, or what one of them does of it.
struct Action {
  enum class Kind : uint8_t { Move, Loop };
  Kind kind = Kind::Move;
  int in = -1;  // color
  int out = -1; // color
  unsigned words = 0;
  unsigned rounds = 0;
  std::vector<Action> body;
  /// The word that is moved is a number, which its source draws.
  bool tells = false;
  /// The stream whose number says how many words there are, or -1.
  int length = -1;
  /// The stream whose number is odd if there are words at all, or -1.
  int condition = -1;
};

struct Net {
  Coord source;
  std::vector<Coord> sinks;
  std::map<std::pair<int, int>, std::pair<uint8_t, uint8_t>> routes;
};

class NetMaker {
public:
  explicit NetMaker(uint64_t seed) : rng(seed) {}
  RandomNet make();

private:
  bool chance(unsigned percent) { return rng.below(100) < percent; }
  unsigned below(unsigned n) { return unsigned(rng.below(n)); }
  size_t cellOf(Coord c) const {
    return size_t(c.y) * size_t(width) + size_t(c.x);
  }

  void makeStreams();
  bool makeStream();
  using Bodies = std::vector<std::vector<Action>>;
  void addMessage(Bodies &bodies);
  void addNumber(Bodies &bodies);
  bool addByNumber(Bodies &bodies);
  void send(Bodies &bodies, size_t net, unsigned words, std::set<size_t> &busy);
  void addItems(Bodies &bodies, unsigned count, unsigned depth);
  void append(std::vector<Action> &body, Action action, bool maySplit);
  bool damage(std::vector<Action> &body);

  Image write(bool endless);
  void writeBody(Core &core, std::vector<Instruction> &code,
                 const std::vector<Action> &body, unsigned depth,
                 const std::map<std::pair<bool, int>, unsigned> &queues);

  Rng rng;
  int width = 1, height = 1;
  std::vector<Net> nets;
  /// Streams whose sinks have been told a number.
  std::vector<size_t> told;
  std::vector<std::vector<Action>> prefixes, periods;
  unsigned inputs[64] = {}, outputs[64] = {};
};

} // namespace

bool NetMaker::makeStream() {
  Net net;
  Coord at{int(below(unsigned(width))), int(below(unsigned(height)))};
  if (outputs[cellOf(at)] == 8) {
    return false;
  }
  net.source = at;
  net.routes[{at.x, at.y}] = {kR, 0};
  // A tree: every branch begins at a place of it.
  for (unsigned branches = 1 + below(3); branches; --branches) {
    auto start = net.routes.begin();
    std::advance(start, below(unsigned(net.routes.size())));
    at = {start->first.first, start->first.second};
    for (unsigned length = 1 + below(5); length; --length) {
      Port port = Port(below(4));
      Coord next = neighbour(at, port);
      if (next.x < 0 || next.y < 0 || next.x >= width || next.y >= height ||
          net.routes.count({next.x, next.y})) {
        continue;
      }
      net.routes[{at.x, at.y}].second |= portBit(port);
      net.routes[{next.x, next.y}] = {portBit(opposite(port)), 0};
      at = next;
    }
  }
  for (auto &[place, masks] : net.routes) {
    Coord c{place.first, place.second};
    bool isLeaf = masks.second == 0;
    if (c != net.source && (isLeaf || chance(40))) {
      if (inputs[cellOf(c)] == 8) {
        return false;
      }
      masks.second |= kR;
      net.sinks.push_back(c);
    }
  }
  if (net.sinks.empty()) {
    return false;
  }
  ++outputs[cellOf(net.source)];
  for (Coord c : net.sinks) {
    ++inputs[cellOf(c)];
  }
  nets.push_back(net);
  return true;
}

void NetMaker::makeStreams() {
  width = 1 + int(below(5));
  height = width == 1 ? 2 + int(below(3)) : 1 + int(below(3));
  unsigned wanted = 1 + below(10);
  for (unsigned tries = 0; nets.size() < wanted && tries < 100; ++tries) {
    makeStream();
  }
}

void NetMaker::append(std::vector<Action> &body, Action action, bool maySplit) {
  if (maySplit && action.words > 1 && chance(15)) {
    Action first = action;
    first.words = 1 + below(action.words - 1);
    action.words -= first.words;
    body.push_back(first);
  }
  body.push_back(action);
}

/// A message of a stream. A sink may pass it on to another stream, unless a
/// core would then have to do two things at once.
void NetMaker::send(Bodies &bodies, size_t net, unsigned words,
                    std::set<size_t> &busy) {
  for (Coord sink : nets[net].sinks) {
    busy.insert(cellOf(sink));
  }
  for (Coord sink : nets[net].sinks) {
    Action in;
    in.in = int(net);
    in.words = words;
    for (size_t other = 0; other < nets.size() && in.out < 0; ++other) {
      bool isFree = nets[other].source == sink;
      for (Coord c : nets[other].sinks) {
        isFree &= !busy.count(cellOf(c));
      }
      if (isFree && chance(30)) {
        in.out = int(other);
      }
    }
    append(bodies[cellOf(sink)], in, in.out < 0);
    if (in.out >= 0) {
      send(bodies, size_t(in.out), words, busy);
    }
  }
}

void NetMaker::addMessage(Bodies &bodies) {
  size_t net = below(unsigned(nets.size()));
  Action out;
  out.out = int(net);
  out.words = 1 + below(chance(20) ? 20 : 5);
  size_t source = cellOf(nets[net].source);
  append(bodies[source], out, true);
  std::set<size_t> busy = {source};
  send(bodies, net, out.words, busy);
}

/// A message of one word, which the sinks remember.
void NetMaker::addNumber(Bodies &bodies) {
  size_t net = below(unsigned(nets.size()));
  Action out, in;
  out.out = in.in = int(net);
  out.words = in.words = 1;
  out.tells = in.tells = true;
  bodies[cellOf(nets[net].source)].push_back(out);
  for (Coord sink : nets[net].sinks) {
    bodies[cellOf(sink)].push_back(in);
  }
  told.push_back(net);
}

/// A message between cores that were told the same number, which decides about
/// it; false if there are none.
bool NetMaker::addByNumber(Bodies &bodies) {
  for (size_t from : told) {
    std::set<size_t> knowing;
    for (Coord c : nets[from].sinks) {
      knowing.insert(cellOf(c));
    }
    for (size_t net = 0; net < nets.size(); ++net) {
      bool allKnow = knowing.count(cellOf(nets[net].source));
      for (Coord c : nets[net].sinks) {
        allKnow &= knowing.count(cellOf(c)) > 0;
      }
      if (!allKnow) {
        continue;
      }
      Action out, in;
      out.words = in.words = 1 + below(4);
      out.length = in.length = chance(60) ? int(from) : -1;
      out.condition = in.condition =
          out.length < 0 || chance(30) ? int(from) : -1;
      out.out = in.in = int(net);
      bodies[cellOf(nets[net].source)].push_back(out);
      for (Coord sink : nets[net].sinks) {
        bodies[cellOf(sink)].push_back(in);
      }
      return true;
    }
  }
  return false;
}

void NetMaker::addItems(Bodies &bodies, unsigned count, unsigned depth) {
  for (; count; --count) {
    if (chance(25)) {
      addNumber(bodies);
    }
    if (depth == 2 || chance(75)) {
      if (!chance(50) || !addByNumber(bodies)) {
        addMessage(bodies);
      }
      continue;
    }
    Bodies inner(bodies.size());
    addItems(inner, 1 + below(3), depth + 1);
    unsigned rounds = 1 + below(4);
    for (size_t c = 0; c < bodies.size(); ++c) {
      if (!inner[c].empty()) {
        Action loop;
        loop.kind = Action::Kind::Loop;
        loop.rounds = rounds;
        loop.body = inner[c];
        bodies[c].push_back(loop);
      }
    }
  }
}

/// Changes one thing; false if there is nothing.
bool NetMaker::damage(std::vector<Action> &body) {
  if (body.empty()) {
    return false;
  }
  size_t at = below(unsigned(body.size()));
  Action &a = body[at];
  if (a.kind == Action::Kind::Loop && chance(70)) {
    if (chance(20)) {
      a.rounds += 1;
      return true;
    }
    return damage(a.body);
  }
  if (a.length >= 0 && chance(40)) {
    // Another number, which may not have been told at all.
    a.length = (a.length + 1) % int(nets.size());
    return true;
  }
  unsigned way = below(10);
  if (way < 6 && at + 1 < body.size()) {
    std::swap(body[at], body[at + 1]);
  } else if (way < 8 && a.kind == Action::Kind::Move) {
    a.words += 1;
  } else {
    body.erase(body.begin() + long(at));
  }
  return true;
}

void NetMaker::writeBody(
    Core &core, std::vector<Instruction> &code, const std::vector<Action> &body,
    unsigned depth, const std::map<std::pair<bool, int>, unsigned> &queues) {
  for (const Action &a : body) {
    if (a.kind == Action::Kind::Loop) {
      unsigned counter = 2 + depth;
      core.li(counter, a.rounds);
      uint32_t head = core.here();
      writeBody(core, code, a.body, depth + 1, queues);
      core.op(Opcode::LoopDec, counter, 0, 0, head);
      continue;
    }
    constexpr unsigned kNumber = 20;
    auto numberAt = [](int net) { return kNumbers + 4 * unsigned(net); };
    if (a.tells && a.out >= 0) {
      core.op(Opcode::ReadClock, kNumber)
          .op(Opcode::AndImm, kNumber, kNumber, 0, 3)
          .op(Opcode::AddImm, kNumber, kNumber, 0, 1)
          .op(Opcode::StoreWord, kNumber, 0, 0, numberAt(a.out))
          .dsr(D(0), fabricOut(queues.at({false, a.out}), 1))
          .dsr(S0(0), memory(numberAt(a.out), 1))
          .vec(Opcode::Mov32, D(0), S0(0));
      continue;
    }
    if (a.tells) {
      core.dsr(S0(0), fabricIn(queues.at({true, a.in}), a.words))
          .dsr(D(0), memory(numberAt(a.in), a.words))
          .vec(Opcode::Mov32, D(0), S0(0));
      continue;
    }
    uint32_t branch = 0;
    if (a.condition >= 0) {
      core.op(Opcode::LoadWord, kNumber, 0, 0, numberAt(a.condition))
          .op(Opcode::AndImm, kNumber, kNumber, 0, 1);
      branch = core.here();
      core.op(Opcode::BranchEq, 0, kNumber, 0, 0);
    }
    if (a.in >= 0) {
      core.dsr(S1(0), fabricIn(queues.at({true, a.in}), a.words));
    }
    if (a.out >= 0) {
      core.dsr(D(0), fabricOut(queues.at({false, a.out}), a.words));
    } else {
      core.dsr(D(0), memory(kData + 2048, a.words));
    }
    core.dsr(S0(0), memory(kData, a.words));
    if (a.length >= 0) {
      core.op(Opcode::LoadWord, kNumber, 0, 0, numberAt(a.length))
          .op(Opcode::DsrLength, D(0), kNumber)
          .op(Opcode::DsrLength, S0(0), kNumber);
      if (a.in >= 0) {
        core.op(Opcode::DsrLength, S1(0), kNumber);
      }
    }
    if (a.in >= 0) {
      core.vec(Opcode::FAddS, D(0), S0(0), S1(0));
    } else {
      core.vec(Opcode::Mov32, D(0), S0(0));
    }
    if (a.condition >= 0) {
      code.at(branch).imm = core.here();
    }
  }
}

Image NetMaker::write(bool endless) {
  Builder b(width, height);
  b.machine.colors = 24;
  for (size_t n = 0; n < nets.size(); ++n) {
    Stream stream;
    stream.name = "s" + std::to_string(n);
    stream.color = uint8_t(n);
    stream.source = nets[n].source;
    for (Coord c : nets[n].sinks) {
      stream.sinks.push_back({c.x, c.y, 1, 1});
    }
    b.image.streams.push_back(stream);
    for (auto &[place, masks] : nets[n].routes) {
      b.route(place.first, place.second, unsigned(n), masks.first,
              masks.second);
    }
  }
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      Core core = b.core(x, y);
      Role &role = b.roles.back();
      std::map<std::pair<bool, int>, unsigned> queues;
      unsigned ins = 0, outs = 0;
      for (size_t n = 0; n < nets.size(); ++n) {
        if (nets[n].source == Coord{x, y}) {
          queues[{false, int(n)}] = outs;
          core.output(outs++, unsigned(n));
        }
        for (Coord sink : nets[n].sinks) {
          if (sink == Coord{x, y}) {
            queues[{true, int(n)}] = ins;
            core.input(ins++, unsigned(n));
          }
        }
      }
      core.main();
      size_t cell = cellOf({x, y});
      writeBody(core, role.code, prefixes[cell], 0, queues);
      if (!periods[cell].empty()) {
        if (!endless) {
          core.li(8, kPeriodsOfBounded);
        }
        uint32_t head = core.here();
        writeBody(core, role.code, periods[cell], 0, queues);
        if (endless) {
          core.op(Opcode::Jump, 0, 0, 0, head);
        } else {
          core.op(Opcode::LoopDec, 8, 0, 0, head);
        }
      }
      core.end();
      role.buffers.push_back({"data", BufferKind::Scratch, kData, 4096});
      role.buffers.push_back({"numbers", BufferKind::Scratch, kNumbers, 128});
      uint32_t bytes = uint32_t(role.params.size()) * 2;
      if (bytes) {
        role.buffers.push_back({"params", BufferKind::Params, 0, bytes});
      }
    }
  }
  b.image.machine = b.machine.toJson();
  b.image.roles.assign(b.roles.begin(), b.roles.end());
  return b.image;
}

RandomNet NetMaker::make() {
  while (nets.empty()) {
    makeStreams();
  }
  size_t cells = size_t(width) * size_t(height);
  prefixes.resize(cells);
  periods.resize(cells);
  bool hasPeriod = chance(60);
  addItems(prefixes, below(hasPeriod ? 3 : 8) + !hasPeriod, 0);
  if (hasPeriod) {
    told.clear();
    addItems(periods, 1 + below(8), 0);
  }
  RandomNet net;
  for (unsigned wanted = chance(60) ? 1 + below(2) : 0, tries = 0;
       wanted && tries < 50; ++tries) {
    size_t cell = below(unsigned(cells));
    if (damage(hasPeriod && chance(70) ? periods[cell] : prefixes[cell])) {
      net.damaged = true;
      --wanted;
    }
  }
  net.endless = write(true);
  net.bounded = write(false);
  Builder b(width, height);
  b.machine.colors = 24;
  net.machine = b.machine;
  net.costs = b.costs;
  return net;
}

RandomNet wafer::test::makeRandomNet(uint64_t seed) {
  return NetMaker(seed).make();
}

void wafer::test::varyMachine(RandomNet &net, uint64_t seed) {
  Rng rng(seed);
  auto below = [&](unsigned n) { return unsigned(rng.below(n)); };
  Machine &m = net.machine;
  m.hopCycles = 1 + below(3);
  m.rampCycles = 1 + below(3);
  m.routerBufferDepth = 1 + below(4);
  m.inputQueues.depths.assign(8, 1 + below(4));
  m.outputQueues.depths.assign(8, 1 + below(4));
  ParameterSet &p = net.costs;
  for (uint32_t *field : {&p.vectorStart, &p.alu, &p.branch, &p.dsrLoad}) {
    *field = below(12);
  }
  p.sendWords = 1 + below(4);
  p.sendCycles = p.sendWords + below(3);
  net.endless.machine = net.bounded.machine = m.toJson();
}
