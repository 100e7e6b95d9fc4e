/* The functions of x07.h for the units that are compiled without optimisation and so inline nothing. */
#define X07_OUT_OF_LINE
#define X07_WITH_ALL
#include "x07.h"
