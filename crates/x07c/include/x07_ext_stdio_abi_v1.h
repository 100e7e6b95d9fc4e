/* The C interface of the native backend x07.ext.stdio (libx07_ext_stdio.a). */
#ifndef X07_EXT_STDIO_ABI_V1_H
#define X07_EXT_STDIO_ABI_V1_H

#include "x07_native_abi_v1.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `caps` is a StdioCapsV1 of 16 bytes. err 60104: bad caps; 60115: input or output failed; 60116: too large; 60121: the
   end of standard input. */
ev_result_bytes x07_ext_stdio_read_line_v1(ev_bytes caps);
ev_result_i32 x07_ext_stdio_write_stdout_v1(ev_bytes data, ev_bytes caps);
ev_result_i32 x07_ext_stdio_write_stderr_v1(ev_bytes data, ev_bytes caps);
ev_result_i32 x07_ext_stdio_flush_stdout_v1(void);
ev_result_i32 x07_ext_stdio_flush_stderr_v1(void);

#ifdef __cplusplus
}
#endif
#endif
