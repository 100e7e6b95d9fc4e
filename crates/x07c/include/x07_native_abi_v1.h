/* What the C interfaces of all native backends share, ABI major 1.

   Operands are lent for the time of a call: a backend neither keeps nor frees them. Results are made with
   ev_bytes_alloc, exactly as long as they are, and belong to the caller. A backend ends the program with ev_trap and
   unwinds into nobody. Both hooks are in x07_abi_v2.h. */
#ifndef X07_NATIVE_ABI_V1_H
#define X07_NATIVE_ABI_V1_H

#include "x07_abi_v2.h"

typedef ev_bytes_v2_t ev_bytes;
typedef ev_result_bytes_v2_t ev_result_bytes; /* tag 1 ok, 0 err */
typedef ev_result_i32_v2_t ev_result_i32;     /* the payload has the bits of the signed value */

#endif
