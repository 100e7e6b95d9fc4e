/* Budget scopes: caps on the counters of section 3 of the memory model, measured between entry and exit. */
#include "runtime.h"

void x07_budget_enter(x07_budget *budget, const x07_budget_caps *caps) {
  int64_t withheld = caps->fuel && x07_ctx.fuel > (int64_t)caps->fuel ? x07_ctx.fuel - (int64_t)caps->fuel : 0;
  *budget = (x07_budget){
      .outer = x07_ctx.budget,
      .caps = caps,
      .fuel_withheld = withheld,
      .alloc_bytes = x07_arena.bytes_alloc_total,
      .alloc_calls = x07_arena.alloc_calls,
      .realloc_calls = x07_arena.realloc_calls,
      .memcpy_bytes = x07_ctx.memcpy_bytes,
      .sched_ticks = x07_state.now,
  };
  x07_ctx.fuel -= withheld;
  x07_ctx.budget = budget;
}

uint32_t x07_budget_exit(x07_budget *budget) {
  const x07_budget_caps *caps = budget->caps;
  if (x07_ctx.fuel < 0) x07_trap_fuel();
  x07_ctx.fuel += budget->fuel_withheld;
  x07_ctx.budget = budget->outer;
  if (caps->mode == X07_BUDGET_STATS_ONLY) return 0;

  if (caps->mode == X07_BUDGET_YIELD && caps->sched_ticks &&
      x07_state.now - budget->sched_ticks > caps->sched_ticks) {
    x07_task_yield();
    budget->sched_ticks = x07_state.now;
  }
  static const char *const messages[] = {
      "X07T_BUDGET_EXCEEDED_ALLOC_BYTES",  "X07T_BUDGET_EXCEEDED_ALLOC_CALLS",  "X07T_BUDGET_EXCEEDED_REALLOC_CALLS",
      "X07T_BUDGET_EXCEEDED_MEMCPY_BYTES", "X07T_BUDGET_EXCEEDED_SCHED_TICKS"};
  const uint64_t used[] = {x07_arena.bytes_alloc_total - budget->alloc_bytes,
                           x07_arena.alloc_calls - budget->alloc_calls,
                           x07_arena.realloc_calls - budget->realloc_calls,
                           x07_ctx.memcpy_bytes - budget->memcpy_bytes, x07_state.now - budget->sched_ticks};
  const uint32_t allowed[] = {caps->alloc_bytes, caps->alloc_calls, caps->realloc_calls, caps->memcpy_bytes,
                              caps->sched_ticks};
  for (uint32_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
    if (!allowed[i] || used[i] <= allowed[i]) continue;
    if (caps->mode == X07_BUDGET_RESULT_ERR) return 0x80000001u + i;
    x07_trap_budget(messages[i], used[i], allowed[i], caps->label);
  }
  return 0;
}
