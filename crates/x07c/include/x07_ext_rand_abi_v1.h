/* The C interface of the native backend x07.ext.rand (libx07_ext_rand.a). */
#ifndef X07_EXT_RAND_ABI_V1_H
#define X07_EXT_RAND_ABI_V1_H

#include "x07_native_abi_v1.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `caps` is a RandCapsV1 of 12 bytes. err 60204: bad caps; 60205: bad length; 60215: the system has no random bytes. */
ev_result_bytes x07_ext_rand_bytes_v1(int32_t n, ev_bytes caps);
ev_result_bytes x07_ext_rand_u64_v1(ev_bytes caps);

#ifdef __cplusplus
}
#endif
#endif
