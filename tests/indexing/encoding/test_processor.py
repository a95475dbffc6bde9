"""Whether the processor multiplies in bf16 is read off its flags."""

from indexing.encoding.processor import processor_has_bf16


def test_bf16_is_read_from_the_processor_flags(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("processor : 0\nflags\t\t: fpu avx512f amx_bf16\n")
    assert processor_has_bf16(info)
    info.write_text("processor : 0\nflags\t\t: fpu avx512f\n")
    assert not processor_has_bf16(info)
    assert not processor_has_bf16(tmp_path / "missing")
