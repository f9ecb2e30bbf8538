"""Exact sample entropy of many series, as fast as the machine allows.

A point x_i matches x_j when ``|x_i - x_j| <= r``. Rounding is monotone, so the points that match x_i are one run of the
sorted series, and the run's original positions are the difference of two prefix bitsets: position sets of the k
smallest points. Eight 64-bit words are one SIMD register, so one exclusive or makes 512 comparisons. A match of m
consecutive points is then a match of m - 1 ones whose successors match too: ``rows[i] & (rows[i + 1] >> 1)``.

Two kernels do this for a block of series: `sort_keys` packs samples for NumPy's vectorised sort of 32-bit integers,
and `sample_entropy` does the rest.
"""

# What numba compiles, numba types; to mypy an intrinsic is a call with its context missing.
# mypy: disable-error-code="assignment, call-arg, operator, var-annotated"

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from .._compile import compiled

__all__ = ["entropy_workspace", "sample_entropy", "sort_keys"]

_LANES = 8
_BITS = 64 * _LANES


# --- 512-bit sets: a numba type that is one LLVM vector of eight words -----------------------------------------------

_INT32, _WORD = ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_WORD, _LANES)


class _Bits512(types.Type):
    def __init__(self) -> None:
        super().__init__(name="Bits512")


_bits512 = _Bits512()


@register_model(_Bits512)
class _Bits512Model(models.PrimitiveModel):
    def __init__(self, manager: Any, type_: Any) -> None:
        super().__init__(manager, type_, _VECTOR)


def _constant(words: Any) -> ir.Constant:
    return ir.Constant(_VECTOR, list(words))


def _indices(lanes: Any) -> ir.Constant:
    return ir.Constant(ir.VectorType(_INT32, _LANES), list(lanes))


def _row_pointer(context: Any, builder: Any, array_type: Any, array: Any, row: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    start = builder.gep(data, [builder.mul(row, ir.Constant(row.type, _LANES))])
    return builder.bitcast(start, _VECTOR.as_pointer())


def _call_llvm(builder: Any, name: str, *operands: Any) -> Any:
    function_type = ir.FunctionType(_VECTOR, [_VECTOR] * len(operands))
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{name}.v8i64"), operands)


@intrinsic
def _load(typing, array, row):
    def code(context, builder, signature, arguments):
        bits = builder.load(_row_pointer(context, builder, signature.args[0], *arguments))
        bits.align = 8
        return bits

    return _bits512(array, types.uint64), code


@intrinsic
def _store(typing, array, row, bits):
    def code(context, builder, signature, arguments):
        pointer = _row_pointer(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], pointer).align = 8
        return context.get_dummy_value()

    return types.void(array, types.uint64, _bits512), code


@intrinsic
def _empty(typing):
    return _bits512(), lambda context, builder, signature, arguments: _constant([0] * _LANES)


@intrinsic
def _add_position(typing, bits, position):
    """Add a position to a set; one beyond 511 changes nothing."""

    def code(context, builder, signature, arguments):
        def broadcast(word):
            undefined = ir.Constant(_VECTOR, ir.Undefined)
            return builder.shuffle_vector(
                builder.insert_element(undefined, word, ir.Constant(_INT32, 0)), undefined, _indices([0] * _LANES)
            )

        bits, position = arguments
        lane = broadcast(builder.lshr(position, ir.Constant(_WORD, 6)))
        bit = broadcast(builder.shl(ir.Constant(_WORD, 1), builder.and_(position, ir.Constant(_WORD, 63))))
        is_lane = builder.icmp_unsigned("==", lane, _constant(range(_LANES)))
        return builder.or_(bits, builder.select(is_lane, bit, _constant([0] * _LANES)))

    return _bits512(_bits512, types.uint64), code


@intrinsic
def _difference(typing, bits, subset):
    return _bits512(_bits512, _bits512), lambda context, builder, signature, arguments: builder.xor(*arguments)


@intrinsic
def _and_successors(typing, bits, other):
    """Keep the positions p for which p + 1 is in `other`."""

    def code(context, builder, signature, arguments):
        bits, other = arguments
        next_words = builder.shuffle_vector(other, _constant([0] * _LANES), _indices(range(1, _LANES + 1)))
        return builder.and_(bits, _call_llvm(builder, "fshr", next_words, other, _constant([1] * _LANES)))

    return _bits512(_bits512, _bits512), code


@intrinsic
def _add_sizes(typing, sizes, bits):
    """Add to eight counters the number of positions in each word."""

    def code(context, builder, signature, arguments):
        sizes, bits = arguments
        return builder.add(sizes, _call_llvm(builder, "ctpop", bits))

    return _bits512(_bits512, _bits512), code


@intrinsic
def _word(typing, bits, lane):
    return types.int64(_bits512, types.uint64), lambda context, builder, signature, arguments: builder.extract_element(
        *arguments
    )


# --- sorting ----------------------------------------------------------------------------------------------------------


@njit
def _index_bits(n):
    bits = 0
    while (1 << bits) < n:
        bits += 1
    return bits


@compiled("void(float64[:, ::1], float64[::1], float64[::1], uint32[:, ::1])")
def sort_keys(x, low, high, keys):
    """Pack each sample, in fixed point between its row's `low` and `high`, above its index into one 32-bit integer."""
    n = x.shape[1]
    index_bits = np.uint32(_index_bits(n))
    # At most 31 bits, so that the conversion is the signed one that every SIMD set has.
    largest = np.float64((1 << min(31, 32 - index_bits)) - 1)
    for row in range(len(x)):
        scale = largest / (high[row] - low[row])
        # A constant row, or a spread beyond the range of numbers: the keys hold no order and the repair does the work.
        if not 0 < scale < np.inf:
            for i in range(n):
                keys[row, i] = np.uint32(i)
        else:
            floor, samples, packed = low[row], x[row], keys[row]
            for i in range(n):
                packed[i] = (np.uint32(np.int32((samples[i] - floor) * scale)) << index_bits) | np.uint32(i)


@njit
def _sort_in_place(values, order, n, spare_values, spare_order):
    """Finish an almost sorted order: by insertion, and where that takes too many moves by merging."""
    budget = 8 * n
    for k in range(1, n):
        value, index, j = values[k], order[k], k
        while j > 0 and values[j - 1] > value:
            values[j], order[j] = values[j - 1], order[j - 1]
            j -= 1
        values[j], order[j] = value, index
        budget -= k - j
        if budget < 0:
            break
    width = 1
    while budget < 0 and width < n:
        for start in range(0, n, 2 * width):
            left, middle, stop = start, min(start + width, n), min(start + 2 * width, n)
            right = middle
            for k in range(start, stop):
                if left < middle and (right >= stop or values[left] <= values[right]):
                    spare_values[k], spare_order[k] = values[left], order[left]
                    left += 1
                else:
                    spare_values[k], spare_order[k] = values[right], order[right]
                    right += 1
        for k in range(n):
            values[k], order[k] = spare_values[k], spare_order[k]
        width *= 2


# --- matches ----------------------------------------------------------------------------------------------------------


@njit
def _run_step(s, r, n, runs, i, j):
    # One step of a two-pointer walk without a branch: either s[j] is the next that s[i] reaches, and s[i] is the first
    # to reach s[j] (runs[j] = i), or s[i] reaches no further (runs[n + i] = j).
    reaches = np.uint64(s[j] - s[i] <= r)
    mask = np.uint64(0) - reaches
    flip = (i ^ j) & mask
    runs[(i ^ flip) + (~mask & n)] = np.uint32(j ^ flip)
    return i + np.uint64(1) - reaches, j + reaches


@njit
def _walk_at(s, r, n, step):
    """Find by bisection the state (i, j), i + j = step, through which the walk passes."""
    first, last = max(0, step - n), min(step, n)
    while first < last:
        middle = (first + last) >> 1
        if s[step - 1 - middle] - s[middle] <= r:
            last = middle
        else:
            first = middle + 1
    return np.uint64(first), np.uint64(step - first)


@njit
def _find_runs(s, r, n, runs):
    """Find for each of the sorted `s` the first (runs[:n]) and the end (runs[n:2n]) of the run within `r` of it."""
    # A step must wait for the one before it; four walks over a quarter of the path each keep the processor busy.
    quarter, size = n >> 1, np.uint64(n)
    i0, j0 = np.uint64(0), np.uint64(0)
    i1, j1 = _walk_at(s, r, n, quarter)
    i2, j2 = _walk_at(s, r, n, 2 * quarter)
    i3, j3 = _walk_at(s, r, n, 3 * quarter)
    for _ in range(quarter):
        i0, j0 = _run_step(s, r, size, runs, i0, j0)
        i1, j1 = _run_step(s, r, size, runs, i1, j1)
        i2, j2 = _run_step(s, r, size, runs, i2, j2)
        i3, j3 = _run_step(s, r, size, runs, i3, j3)
    for _ in range(2 * n - 4 * quarter):
        i3, j3 = _run_step(s, r, size, runs, i3, j3)


@njit
def _matching_positions(order, runs, n, base, prefixes, rows):
    """Store for each point the set of positions base ... base + 511 whose points match it."""
    bits = _empty()
    for k in range(n):
        _store(prefixes, k, bits)
        bits = _add_position(bits, np.uint64(order[k]) - np.uint64(base))
    _store(prefixes, n, bits)
    for k in range(n):
        _store(rows, order[k], _difference(_load(prefixes, runs[n + k]), _load(prefixes, runs[k])))
    _store(rows, n, _empty())


@njit
def _lengthen(rows, n_rows, n_words):
    """Turn matches of k consecutive points into matches of k + 1, in place, and count those in the first words."""
    sizes, bits = _empty(), _load(rows, 0)
    for i in range(n_rows):
        following = _load(rows, i + 1)
        bits = _and_successors(bits, following)
        sizes = _add_sizes(sizes, bits)
        _store(rows, i, bits)
        bits = following
    count = 0
    for lane in range(n_words):
        count += _word(sizes, np.uint64(lane))
    return count


@njit
def _count_matches(order, runs, n, m, prefixes, rows):
    """Count the ordered pairs, each point with itself included, of m and of m + 1 consecutive points that match."""
    n_short = n_long = base = 0
    if m == 1:
        for k in range(n):
            n_short += np.int64(runs[n + k]) - np.int64(runs[k])
    while base < n:
        _matching_positions(order, runs, n, base, prefixes, rows)
        # The last word only lends its bits to the word before, unless the series ends in it.
        n_words = _LANES if n - base < _BITS else _LANES - 1
        for length in range(2, m + 2):
            count = _lengthen(rows, n - length + 1, n_words)
            if length == m:
                n_short += count
            elif length == m + 1:
                n_long += count
        base += 64 * n_words
    return n_short, n_long


@njit
def _count_matches_by_lag(x, r, n, m):
    """Count the same pairs by runs of matches along each lag, for an m that is longer than a word."""
    n_short, n_long = n - m + 1, n - m
    for lag in range(1, n):
        run = 0
        for i in range(n - lag):
            run = run + 1 if abs(x[i + lag] - x[i]) <= r else 0
            n_short += 2 * (run >= m)
            n_long += 2 * (run > m)
    return n_short, n_long


@compiled(
    "void(float64[:, ::1], float64[::1], float64[::1], uint32[:, ::1], float64, int64,"
    " float64[:, ::1], uint32[:, ::1], uint64[::1], uint64[::1], int64, float64[:, ::1])"
)
def sample_entropy(x, low, high, keys, tolerance, m, values, integers, prefixes, rows, column, out):
    """Write each row's sample entropy to column ``column + 8`` and its median to ``column + 20``, nan where undefined.

    `keys` are sorted, `tolerance` is in units of the standard deviation, which column ``column + 14`` holds, and
    `values`, `integers`, `prefixes` and `rows` are the arrays of `entropy_workspace`.
    """
    n = x.shape[1]
    index_mask = np.uint32((1 << _index_bits(n)) - 1)
    s, spare_values = values[0], values[1]
    order, spare_order, runs = integers[0], integers[1], integers[2:].reshape(-1)
    # No number: the walk never passes the end, whatever the tolerance.
    s[n] = np.nan
    for row in range(len(x)):
        out[row, column + 8] = out[row, column + 20] = np.nan
        if not (np.isfinite(low[row]) and np.isfinite(high[row])):
            continue
        for k in range(n):
            index = keys[row, k] & index_mask
            order[k] = index
            s[k] = x[row, index]
        _sort_in_place(s, order, n, spare_values, spare_order)
        out[row, column + 20] = s[n >> 1] if n & 1 else (s[(n >> 1) - 1] + s[n >> 1]) / 2
        r = tolerance * out[row, column + 14]
        if m >= n or not r >= 0:
            continue
        if m > 64:
            n_short, n_long = _count_matches_by_lag(x[row], r, n, m)
        else:
            _find_runs(s, r, n, runs)
            n_short, n_long = _count_matches(order, runs, n, m, prefixes, rows)
        # A template matches itself, which does not count.
        n_short -= n - m + 1
        n_long -= n - m
        if n_long > 0:
            out[row, column + 8] = np.log(n_short / n_long)


def entropy_workspace(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Make the arrays that `sample_entropy` works in for series of n samples."""

    def sets() -> np.ndarray:
        # Each set within one cache line.
        words = np.zeros((n + 2) * _LANES, dtype=np.uint64)
        skip = -words.ctypes.data // 8 % _LANES
        return words[skip : skip + (n + 1) * _LANES]

    return np.zeros((2, n + 1)), np.zeros((4, n), dtype=np.uint32), sets(), sets()
