// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastView.cpp - The state for the wait report -----------------------===//
#include "FastEngine.h"
#include "StateView.h"

using namespace wafer;
using namespace wafer::fast;

namespace {

class View final : public sim::StateView {
public:
  View(const Context &context, Fabric &fabric, const Host &host,
       const Cores &cores, Cycle now)
      : StateView(context.image, cores.programs(), context.grid),
        fabric(fabric), host(host), cores(cores), now(now) {}

  unsigned numThreads(uint32_t place) const override {
    const CoreState *core = cores.find(place);
    return core ? unsigned(core->micro.size()) + 1 : 0;
  }

  sim::ThreadView thread(uint32_t place, unsigned index) const override {
    const CoreState &core = *cores.find(place);
    const VectorOp &op = index ? core.micro[index - 1] : core.main;
    sim::ThreadView view;
    if (op.state != VectorOp::State::Running) {
      return view;
    }
    Cycle later = kNever;
    Wait wait = cores.waitOf(core, op, now, later);
    view.waits = wait == Wait::Words  ? sim::ThreadView::Waits::Words
                 : wait == Wait::Room ? sim::ThreadView::Waits::Room
                                      : sim::ThreadView::Waits::No;
    view.pc = op.pc;
    view.issuedBy = op.issuedBy;
    view.done = op.done;
    view.length = op.length;
    if (op.in) {
      bool is0 = op.src0.source == Operand::Source::Fabric;
      view.in = {(is0 ? op.src0 : op.src1).queue,
                 fabric.colorOf(place, *op.in)};
    }
    if (op.out) {
      view.out = {op.dest.queue, fabric.colorOf(place, *op.out)};
    }
    return view;
  }

  sim::CoreView core(uint32_t place) const override {
    if (const CoreState *core = cores.find(place)) {
      return {core->task, core->pc, core->active, core->blocked};
    }
    // A core that nobody looked at yet is as its role says.
    const RolePlan &role = cores.roleAt(place);
    return {-1, 0, role.active, role.blocked};
  }

  sim::ChannelView channel(uint32_t place, unsigned color) const override {
    uint32_t id = fabric.channelAt(place, color);
    if (id == kNone) {
      return {};
    }
    const Channel &c = fabric.channel(id);
    const RouteConfig *config = c.route ? &image.configs[c.route - 1] : nullptr;
    return {config, c.position, uint8_t(c.occupied()), c.inputQueue(),
            c.outputQueue()};
  }

  sim::FifoView fifo(uint32_t place, unsigned color,
                     unsigned index) const override {
    uint32_t id = fabric.channelAt(place, color);
    unsigned size = id == kNone ? 0 : fabric.size(fabric.channel(id), index);
    if (!size) {
      return {};
    }
    return {size, fabric.head(fabric.channel(id), index).control != 0};
  }

  uint32_t pendingColors(uint32_t place) const override {
    const Router &r = fabric.router(place);
    uint32_t colors = 0;
    for (uint32_t rest = r.pending | r.sleeping; rest; rest &= rest - 1) {
      uint32_t id = r.firstChannel + unsigned(__builtin_ctz(rest));
      colors |= 1u << fabric.colorOf(place, fabric.channel(id));
    }
    return colors;
  }

  unsigned blockedPort(uint32_t place, unsigned color) const override {
    return fabric.blockedPort(fabric.channel(fabric.channelAt(place, color)),
                              now);
  }

  size_t waitingAtHost(unsigned port) const override {
    return host.waiting(port);
  }

private:
  Fabric &fabric;
  const Host &host;
  const Cores &cores;
  Cycle now;
};

} // namespace

std::string FastEngine::waitReport() {
  // When it is over, what is on its way has come.
  bool isOver = !canGoOn();
  Cycle at = isOver ? kNever - 1 : now;
  return sim::waitReport(View(context, fabric, host, cores, at), isOver);
}
