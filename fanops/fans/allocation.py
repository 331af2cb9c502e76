"""Who looks after whom: fans are shared out so that everybody's load is as even as it can be; pure."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence


def share_out(fans: Sequence[int], load: Mapping[int, int]) -> dict[int, int]:
    """Share fans out over staff: each goes to who has least, the order of staff decides among equals.

    Args:
        fans: Fan ids, the most valuable first, so that these are spread evenly too.
        load: How many fans each staff member has already, in the order of rotation.

    Returns:
        Staff id by fan id; empty without staff.
    """
    heap = [(count, place, staff_id) for place, (staff_id, count) in enumerate(load.items())]
    heapq.heapify(heap)
    result: dict[int, int] = {}
    for fan_id in fans if heap else ():
        count, place, staff_id = heap[0]
        result[fan_id] = staff_id
        heapq.heapreplace(heap, (count + 1, place, staff_id))
    return result
