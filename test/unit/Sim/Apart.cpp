// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Apart.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace wafer::test;

/// Ends the test program: without processes and pipes no test can be done.
[[noreturn]] static void giveUp(const char *what) {
  std::perror(what);
  std::abort();
}

[[noreturn]] static void workAndExit(const std::function<std::string()> &work,
                                     unsigned seconds, int out) {
  restartAlarm(seconds);
  std::string text = work();
  for (size_t done = 0; done < text.size();) {
    ssize_t n = write(out, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) {
      _exit(1);
    }
    done += n > 0 ? size_t(n) : 0;
  }
  // Nothing of the caller's is flushed or destroyed a second time.
  _exit(0);
}

ApartResult wafer::test::runApart(const std::function<std::string()> &work,
                                  unsigned seconds) {
  int ends[2];
  if (pipe(ends) != 0) {
    giveUp("pipe");
  }
  pid_t child = fork();
  if (child < 0) {
    giveUp("fork");
  }
  if (child == 0) {
    close(ends[0]);
    workAndExit(work, seconds, ends[1]);
  }
  close(ends[1]);
  ApartResult result;
  char buffer[4096];
  for (;;) {
    ssize_t n = read(ends[0], buffer, sizeof(buffer));
    if (n == 0 || (n < 0 && errno != EINTR)) {
      break;
    }
    result.text.append(buffer, n > 0 ? size_t(n) : 0);
  }
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      giveUp("waitpid");
    }
  }
  if (WIFSIGNALED(status)) {
    int signal = WTERMSIG(status);
    result.death = signal == SIGALRM || signal == SIGPROF ? "does not end"
                                                          : strsignal(signal);
  } else if (WEXITSTATUS(status) != 0) {
    result.death = "exit " + std::to_string(WEXITSTATUS(status));
  }
  return result;
}

void wafer::test::restartAlarm(unsigned seconds) {
  // On a busy machine a case may take many times its own time; one that waits
  // for ever takes none.
  itimerval own = {};
  own.it_value.tv_sec = time_t(seconds);
  setitimer(ITIMER_PROF, &own, nullptr);
  alarm(20 * seconds);
}

void *wafer::test::sharedBytes(size_t bytes) {
  void *begin = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (begin == MAP_FAILED) {
    giveUp("mmap");
  }
  return begin;
}

void wafer::test::freeSharedBytes(void *begin, size_t bytes) {
  munmap(begin, bytes);
}
