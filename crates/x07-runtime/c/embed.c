/* The library form of a program. */
#include "runtime.h"

#if defined(__linux__)
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__APPLE__)
#include <pthread.h>
#endif

/* What stays of the stack for code that does not look: the runtime, the C library, packages, signal handlers of the
   host. A small stack keeps a quarter. */
#define RESERVE ((uintptr_t)64 << 10)

typedef struct stack_extent {
  uintptr_t low, high;
} stack_extent;

#if defined(__linux__)
#if defined(__GLIBC__) && __GLIBC_MINOR__ < 34
/* Both are in libpthread there. A program without it has no thread but the main one. */
#pragma weak pthread_getattr_np
#pragma weak pthread_attr_getstack
#define HAS_THREADS() (pthread_getattr_np && pthread_attr_getstack)
#else
#define HAS_THREADS() 1
#endif

/* The main thread's stack grows as far as the limit of the process lets it, from behind the name of the executable. The C
   libraries would open files to tell, or count only what it has grown to by now. */
static stack_extent main_stack(void) {
  struct rlimit limit;
  const char *name = (const char *)(uintptr_t)getauxval(AT_EXECFN);
  if (!name || getrlimit(RLIMIT_STACK, &limit) != 0) return (stack_extent){0, 0};
  uintptr_t high = (uintptr_t)name + strlen(name) + 1;
  /* Without a limit, too. */
  if (limit.rlim_cur >= high) return (stack_extent){0, 0};
  return (stack_extent){high - (uintptr_t)limit.rlim_cur, high};
}

static stack_extent find_stack(void) {
  if (syscall(SYS_gettid) == getpid()) return main_stack();
  pthread_attr_t attributes;
  void *low;
  size_t size;
  if (!HAS_THREADS() || pthread_getattr_np(pthread_self(), &attributes) != 0) return (stack_extent){0, 0};
  int is_known = pthread_attr_getstack(&attributes, &low, &size) == 0;
  pthread_attr_destroy(&attributes);
  return is_known ? (stack_extent){(uintptr_t)low, (uintptr_t)low + size} : (stack_extent){0, 0};
}
#elif defined(__APPLE__)
static stack_extent find_stack(void) {
  uintptr_t high = (uintptr_t)pthread_get_stackaddr_np(pthread_self());
  return (stack_extent){high - pthread_get_stacksize_np(pthread_self()), high};
}
#else
static stack_extent find_stack(void) { return (stack_extent){0, 0}; }
#endif

/* How far down the program may use the stack that it is called on; 0 when that is none of the system's, such as that of a
   coroutine. */
static uintptr_t lowest_use(void) {
  static X07_TLS stack_extent own;
  if (!own.high) own = find_stack();
  uintptr_t here = X07_FRAME();
  if (here < own.low || here >= own.high) return 0;
  uintptr_t quarter = (own.high - own.low) / 4;
  return own.low + (quarter < RESERVE ? quarter : RESERVE);
}

ev_bytes_v2_t x07_solve_v2(void *arena_mem, uint32_t arena_cap, const uint8_t *input_ptr, uint32_t input_len) {
#ifdef X07_DEBUG_BORROW
  x07_debug_forget();
#endif
  x07_heap_init(arena_mem, arena_cap, 0);
  x07_run_start(x07_program_config.fuel);
  x07_ctx.stack_low = lowest_use();
  if (input_len) {
    uint8_t *copy = x07_heap_take(input_len);
    memcpy(copy, input_ptr, input_len);
    x07_ctx.input = x07_view_untracked(copy, input_len);
    x07_state.input_len = input_len;
  }
  x07_bytes output = x07_solve();
  if (x07_ctx.fuel < 0) x07_trap_fuel();
  x07_run_end();
  return output;
}

int32_t x07_exit_code_v1(void) { return x07_ctx.exit_code > 255 ? 255 : (int32_t)x07_ctx.exit_code; }
