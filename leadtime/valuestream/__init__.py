"""The value stream: a map of steps with their lead times, from a log or a workshop, and what its history would be without some waiting."""

from leadtime.valuestream.mapping import value_stream
from leadtime.valuestream.stream import StreamStep, ValueStream
from leadtime.valuestream.whatif import Saving, WhatIf, what_if
from leadtime.valuestream.workshop import holds_map

__all__ = ["Saving", "StreamStep", "ValueStream", "WhatIf", "holds_map", "value_stream", "what_if"]
