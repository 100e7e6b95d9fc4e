/* Tasks that run to their end without suspending, in the order of their creation.

   A task runs when somebody waits: a join, yield or sleep takes the first task that has not run. Waiting inside a task
   runs others on top of it, so a wait for a task that is itself waiting further down can never end: a deadlock. */
#include "runtime.h"

enum phase { READY, RUNNING, DONE, CANCELED };

typedef struct task {
  x07_task_run run;
  uint8_t *frame;
  x07_task_result result;
  uint32_t frame_size;
  uint8_t kind;
  uint8_t phase;
  uint8_t taken;
} task;

#define X07_ERR_NOT_FINISHED 1u
#define X07_ERR_CANCELED 2u

enum event { EVENT_SWITCH = 1, EVENT_COMPLETE = 4 };

static X07_TLS task *tasks;
static X07_TLS uint32_t count, room;
static X07_TLS uint32_t first_ready; /* no task before this index is ready */
static X07_TLS uint32_t running;     /* the id of the current task, 0 in `solve` */

static void trace(uint64_t kind, uint64_t id, uint64_t detail) {
  const uint64_t values[] = {kind, id, detail};
  for (uint32_t i = 0; i < 3; i++) {
    uint64_t hash = x07_state.trace_hash ? x07_state.trace_hash : X07_TRACE_START;
    x07_state.trace_hash = (hash ^ values[i]) * 1099511628211ull;
  }
}

static void free_frame(task *t) {
  if (t->frame_size) x07_free(t->frame);
  t->frame_size = 0;
}

static void drop_result(task *t) {
  if (t->phase != DONE || t->taken) return;
  if (t->kind == X07_TASK_RESULT_BYTES)
    x07_result_bytes_drop(t->result.result_bytes);
  else
    x07_bytes_drop(t->result.bytes);
  t->taken = 1;
}

static void release(void) {
  for (uint32_t i = 0; i < count; i++) {
    task *t = &tasks[i];
    if (t->phase == READY) {
      t->run(t->frame, NULL);
      free_frame(t);
    }
    drop_result(t);
  }
  if (room) x07_free((uint8_t *)tasks);
  count = room = first_ready = running = 0;
}

static task *task_of(uint32_t h, const char *at) {
  if (h - 1 >= count) x07_trap_value("task invalid handle", "handle", h, at);
  return &tasks[h - 1];
}

static uint32_t is_input(x07_view v) {
  const uintptr_t start = (uintptr_t)x07_ctx.input.ptr;
  return !v.len || (uintptr_t)v.ptr - start < x07_ctx.input.len;
}

x07_view x07_task_keep(x07_view v) { return is_input(v) ? v : x07_bytes_view(x07_view_to_bytes(v)); }

/* What was kept is a copy, unless it is the input. */
void x07_task_let_go(x07_view v) {
  if (!is_input(v)) x07_free((uint8_t *)(uintptr_t)v.ptr);
}

uint32_t x07_task_new(x07_task_run run, const void *frame, uint32_t frame_size, uint32_t kind) {
  if (count == room) {
    if (!room) x07_at_end(release);
    uint32_t wider = room ? 2 * room : 8;
    tasks = x07_grow_array(tasks, room, wider, sizeof *tasks);
    room = wider;
  }
  uint8_t *copy = frame_size ? x07_alloc(frame_size) : x07_empty;
  if (frame_size) memcpy(copy, frame, frame_size);
  tasks[count] = (task){.run = run, .frame = copy, .frame_size = frame_size, .kind = (uint8_t)kind, .phase = READY};
  x07_state.tasks_spawned += 1;
  return ++count;
}

/* The table may move while a task runs. */
uint32_t x07_task_run_one(void) {
  while (first_ready < count && tasks[first_ready].phase != READY) first_ready++;
  if (first_ready == count) return 0;
  uint32_t index = first_ready++, outer = running;
  task *t = &tasks[index];
  t->phase = RUNNING;
  x07_state.ctx_switches += 1;
  trace(EVENT_SWITCH, index + 1, x07_state.now);
  running = index + 1;
  x07_task_result result;
  t->run(t->frame, &result);
  running = outer;
  t = &tasks[index];
  t->result = result;
  t->phase = DONE;
  free_frame(t);
  trace(EVENT_COMPLETE, index + 1, x07_state.now);
  return 1;
}

static uint32_t is_done(const task *t) { return t->phase == DONE || t->phase == CANCELED; }

static task *wait_for(uint32_t h, uint32_t kind, const char *mismatch, const char *at) {
  task_of(h, at);
  if (h == running) x07_trap_value("join self", "handle", h, at);
  x07_state.join_calls += 1;
  while (!is_done(&tasks[h - 1]))
    if (!x07_task_run_one()) x07_trap_value("scheduler deadlock", "handle", h, at);
  task *t = &tasks[h - 1];
  if (t->kind != kind) x07_trap(mismatch, at);
  if (t->taken) x07_trap_value("join already taken", "handle", h, at);
  t->taken = 1;
  return t;
}

/* The task if it has ended, with its result taken; null if it has not. */
static task *try_take(uint32_t h, uint32_t kind, const char *mismatch, const char *at) {
  task *t = task_of(h, at);
  x07_state.join_calls += 1;
  if (!is_done(t)) return NULL;
  if (t->kind != kind) x07_trap(mismatch, at);
  if (t->taken) x07_trap_value("join already taken", "handle", h, at);
  t->taken = 1;
  return t;
}

uint32_t x07_task_spawn(uint32_t h, const char *at) {
  task_of(h, at);
  x07_state.spawn_calls += 1;
  return h;
}

x07_bytes x07_task_join_bytes(uint32_t h, const char *at) {
  const task *t = wait_for(h, X07_TASK_BYTES, "task.join.bytes kind mismatch", at);
  return t->phase == DONE ? t->result.bytes : x07_bytes_none();
}

x07_result_bytes x07_task_join_result_bytes(uint32_t h, const char *at) {
  const task *t = wait_for(h, X07_TASK_RESULT_BYTES, "task.join.result_bytes kind mismatch", at);
  return t->phase == DONE ? t->result.result_bytes : x07_result_bytes_err(X07_ERR_CANCELED);
}

x07_result_bytes x07_task_try_join_bytes(uint32_t h, const char *at) {
  const task *t = try_take(h, X07_TASK_BYTES, "task.try_join.bytes kind mismatch", at);
  if (!t) return x07_result_bytes_err(X07_ERR_NOT_FINISHED);
  return t->phase == DONE ? x07_result_bytes_ok(t->result.bytes) : x07_result_bytes_err(X07_ERR_CANCELED);
}

x07_result_result_bytes x07_task_try_join_result_bytes(uint32_t h, const char *at) {
  const task *t = try_take(h, X07_TASK_RESULT_BYTES, "task.try_join.result_bytes kind mismatch", at);
  if (!t) return x07_result_result_bytes_err(X07_ERR_NOT_FINISHED);
  return t->phase == DONE ? x07_result_result_bytes_ok(t->result.result_bytes)
                          : x07_result_result_bytes_err(X07_ERR_CANCELED);
}

uint32_t x07_task_is_finished(uint32_t h, const char *at) { return is_done(task_of(h, at)); }

uint32_t x07_task_cancel(uint32_t h, const char *at) {
  task *t = task_of(h, at);
  /* A running task is further down the stack and cannot be unwound from here. */
  if (t->phase == RUNNING) x07_trap_value("task.cancel of a task that is waiting for its canceler", "handle", h, at);
  if (t->phase != READY) return 0;
  t->phase = CANCELED;
  t->run(t->frame, NULL);
  free_frame(t);
  trace(EVENT_COMPLETE, h, x07_state.now);
  return 1;
}

uint32_t x07_task_yield(void) {
  x07_state.yield_calls += 1;
  x07_task_run_one();
  return 0;
}

uint32_t x07_task_sleep(uint32_t ticks) {
  x07_state.sleep_calls += 1;
  if (!ticks) return 0;
  while (x07_task_run_one()) continue;
  x07_state.now += ticks;
  return 0;
}
