/* What the parts of os.process share. */
#ifndef X07_OS_PROCESS_H
#define X07_OS_PROCESS_H

#include <sys/types.h>

#include "os.h"

#if defined(__GNUC__) && !defined(__TINYC__)
#pragma GCC visibility push(hidden)
#endif

#define X07_PROCESS_DENIED 1u
#define X07_PROCESS_INVALID 2u
#define X07_PROCESS_SPAWN 3u
#define X07_PROCESS_TIMEOUT 4u
#define X07_PROCESS_OUTPUT 5u

/* ProcReqV1, with everything that the system wants as C strings in one allocation outside of the heap. */
typedef struct x07_request {
  char **argv, **envp;
  uint32_t argc, envc;
  const char *cwd; /* null: as the program's own */
  const uint8_t *stdin_data;
  uint32_t stdin_len;
  uint32_t has_crooked_names; /* a variable whose name has a '=': the child would read another name */
  void *storage;
} x07_request;

typedef struct x07_process_caps {
  uint64_t max_stdout, max_stderr, max_total;
  uint32_t timeout_ms;
} x07_process_caps;

/* 0, or X07_PROCESS_INVALID. A NUL where the system wants a text traps. */
uint32_t x07_process_read_request(x07_bytes bytes, x07_request *out, const char *at);
void x07_process_free_request(x07_request *request);
uint32_t x07_process_read_caps(x07_bytes bytes, x07_process_caps *out);
/* The rules of the policy: 0, or X07_PROCESS_DENIED. A time-out that the caps leave open is the policy's. */
uint32_t x07_process_check_caps(x07_process_caps *caps);
uint32_t x07_process_check_request(const x07_request *request);

/* Our ends of a started program's pipes, which do not block, and -1 for those that are closed. */
typedef struct x07_started {
  pid_t pid;
  int in, out, err;
} x07_started;

/* Starts the program in a process group of its own: 0, or X07_PROCESS_SPAWN. */
uint32_t x07_process_start(const x07_request *request, x07_started *out);

/* What came through a pipe and was not taken yet. */
typedef struct x07_stream {
  int fd; /* -1: closed, or never open */
  x07_vec data;
  uint32_t taken;
  uint64_t seen;
} x07_stream;

typedef struct x07_child {
  uint32_t generation;
  uint8_t used, piped;
  uint8_t reaped; /* the program has ended, and its id may be somebody else's */
  uint8_t done;   /* nothing more will come */
  uint8_t document_taken, exit_taken;
  uint8_t closing; /* standard input is closed once its queue is empty */
  uint32_t code;   /* why there is no exit status; 0 if there is one */
  uint32_t exit_code;
  pid_t pid;
  int end_fd; /* readable when the program has ended; -1 where there is no such thing */
  uint64_t started;
  x07_process_caps caps;
  x07_stream in, out, err;
} x07_child;

/* Takes what its pipes hold, gives them what is queued, and looks whether it is over. */
void x07_child_serve(x07_child *c);
/* Ends it, and says why there is no exit status. */
void x07_child_fail(x07_child *c, uint32_t code);
/* 1 if the signal reached the program, and those that it started when the policy says so. */
int x07_child_signal(const x07_child *c, int number);
void x07_stream_drop(x07_stream *s);
/* Sleeps until one of them needs to be served. */
void x07_children_wait(const x07_child *children, uint32_t count);
uint64_t x07_monotonic_ms(void);

#if defined(__GNUC__) && !defined(__TINYC__)
#pragma GCC visibility pop
#endif
#endif
