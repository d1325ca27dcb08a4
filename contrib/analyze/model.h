/* SPDX-License-Identifier: Apache-2.0 */
/* What an analyzer cannot see from one file: the functions that fill an error always return -1.
 *
 * Included ahead of every file but error.c and blame.c, and by analyzers only.
 */
#pragma once

#include "base/blame.h"
#include "base/error.h"

#define fail(...) ((void)fail(__VA_ARGS__), -1)
#define fail_at(...) ((void)fail_at(__VA_ARGS__), -1)
#define wrap(...) ((void)wrap(__VA_ARGS__), -1)
#define error_hint(...) ((void)error_hint(__VA_ARGS__), -1)
#define error_where(...) ((void)error_where(__VA_ARGS__), -1)
#define error_code(...) ((void)error_code(__VA_ARGS__), -1)
#define error_step(...) ((void)error_step(__VA_ARGS__), -1)
#define error_status(...) ((void)error_status(__VA_ARGS__), -1)
#define error_op(...) ((void)error_op(__VA_ARGS__), -1)
#define error_path(...) ((void)error_path(__VA_ARGS__), -1)
#define error_blame(...) ((void)error_blame(__VA_ARGS__), -1)
