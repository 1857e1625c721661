/* All that exists once per instruction set: included with SUFFIX, ISA_NAME and ISA_* defined. */
#include "_kernels_names.h"
#include "_kernels_vector.h"
#include "_kernels_score.h"
#include "_kernels_pass.h"
#include "_kernels_start.h"
#include "_kernels_descent.h"
#include "_kernels_swap.h"
#include "_kernels_undo.h"
