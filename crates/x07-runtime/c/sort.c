/* Sorting of little-endian records in place: quicksort, insertion sort for short runs, heapsort against bad luck. */
#include "runtime.h"

#define X07_SHORT_RUN 16

#define X07_DEFINE_SORT(NAME, RECORD)                                                             \
  static uint32_t NAME##_key(const RECORD *r) { return x07_load_u32_le((const uint8_t *)r); }     \
  static void NAME##_swap(RECORD *a, RECORD *b) {                                                 \
    RECORD t = *a;                                                                                \
    *a = *b;                                                                                      \
    *b = t;                                                                                       \
  }                                                                                               \
  static void NAME##_insertion(RECORD *r, uint32_t n) {                                           \
    for (uint32_t i = 1; i < n; i++) {                                                            \
      RECORD moved = r[i];                                                                        \
      uint32_t key = NAME##_key(&moved), j = i;                                                   \
      for (; j && NAME##_key(&r[j - 1]) > key; j--) r[j] = r[j - 1];                              \
      r[j] = moved;                                                                               \
    }                                                                                             \
  }                                                                                               \
  static void NAME##_sift(RECORD *r, uint32_t root, uint32_t n) {                                 \
    for (;;) {                                                                                    \
      uint64_t child = 2 * (uint64_t)root + 1;                                                    \
      if (child >= n) return;                                                                     \
      if (child + 1 < n && NAME##_key(&r[child]) < NAME##_key(&r[child + 1])) child++;            \
      if (NAME##_key(&r[root]) >= NAME##_key(&r[child])) return;                                  \
      NAME##_swap(&r[root], &r[child]);                                                           \
      root = (uint32_t)child;                                                                     \
    }                                                                                             \
  }                                                                                               \
  static void NAME##_heap(RECORD *r, uint32_t n) {                                                \
    for (uint32_t i = n / 2; i-- > 0;) NAME##_sift(r, i, n);                                      \
    for (uint32_t i = n; i-- > 1;) {                                                              \
      NAME##_swap(&r[0], &r[i]);                                                                  \
      NAME##_sift(r, 0, i);                                                                       \
    }                                                                                             \
  }                                                                                               \
  static void NAME(RECORD *r, uint32_t n, uint32_t depth) {                                       \
    while (n > X07_SHORT_RUN) {                                                                   \
      if (!depth--) {                                                                             \
        NAME##_heap(r, n);                                                                        \
        return;                                                                                   \
      }                                                                                           \
      RECORD *mid = &r[n / 2], *last = &r[n - 1];                                                 \
      if (NAME##_key(mid) < NAME##_key(r)) NAME##_swap(mid, r);                                   \
      if (NAME##_key(last) < NAME##_key(mid)) NAME##_swap(last, mid);                             \
      if (NAME##_key(mid) < NAME##_key(r)) NAME##_swap(mid, r);                                   \
      uint32_t pivot = NAME##_key(mid);                                                           \
      uint32_t i = 0, j = n - 1;                                                                  \
      for (;;) {                                                                                  \
        while (NAME##_key(&r[i]) < pivot) i++;                                                    \
        while (NAME##_key(&r[j]) > pivot) j--;                                                    \
        if (i >= j) break;                                                                        \
        NAME##_swap(&r[i++], &r[j--]);                                                            \
      }                                                                                           \
      uint32_t left = j + 1;                                                                      \
      /* The recursion takes the smaller part, so it stays shallow. */                            \
      if (left < n - left) {                                                                      \
        NAME(r, left, depth);                                                                     \
        r += left;                                                                                \
        n -= left;                                                                                \
      } else {                                                                                    \
        NAME(r + left, n - left, depth);                                                          \
        n = left;                                                                                 \
      }                                                                                           \
    }                                                                                             \
    NAME##_insertion(r, n);                                                                       \
  }

X07_DEFINE_SORT(sort_words, uint32_t)
X07_DEFINE_SORT(sort_pairs, uint64_t)

static uint32_t depth_for(uint32_t n) {
  uint32_t depth = 0;
  for (; n; n >>= 1) depth += 2;
  return depth;
}

x07_bytes x07_internal_u32le_sort(x07_bytes records, uint32_t record_words) {
  uint32_t n = records.len / 4;
  if (record_words == 2)
    sort_pairs((uint64_t *)(void *)records.ptr, n / 2, depth_for(n));
  else
    sort_words((uint32_t *)(void *)records.ptr, n, depth_for(n));
  return records;
}
