"""Values that stay in a blanked file: what devices write passes, and nothing that can name a person does."""

import pytest

from einthoven.formats.harmless import is_device, is_label, is_lead, is_number, is_samples, is_version

NAMES = ("Mustermann", "Meyer, Hans", "Dr. Brombeer", "Frank Wilson", "LEE", "Erika", "Li", "王伟", "O'Hara",
         "Lead Meyer", "ECG of Meyer", "Reviewed", "I Meyer", "V1 Mustermann", "4711-0815-x")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_none_of_them(name: str) -> None:
    assert not any(check(name) for check in (is_device, is_label, is_lead, is_number, is_version))


@pytest.mark.parametrize(
    "text",
    ["MAC55", "MAC 5500 HD", "MAC P", "PageWriter TC", "ELI 250", "el250", "Mortara Instrument, Inc.", "CardioSoft",
     "GE Healthcare", "Philips Medical Products:860315:A.07", "HeartstartMRx", "Unknown"],
)  # fmt: skip
def test_makers_and_models_pass(text: str) -> None:
    assert is_device(text)


def test_serial_numbers_are_no_model() -> None:
    assert not any(is_device(text) for text in ("SN-4400917", "US71621374", "MAC 4711081500", "ELI 19530508"))


@pytest.mark.parametrize(
    "text", ["RHYTHM", "MEDIAN BEAT", "Lead I (Einthoven)", "aVR", "ECG 1", "Sinus rhythm", "SpO2"]
)
def test_labels_pass(text: str) -> None:
    assert is_label(text)


@pytest.mark.parametrize("text", ["I", "avf", "-aVR", "V1", "V3R", "V9", "MLII", "Vx", "Frank X", "MDC_ECG_LEAD_V2"])
def test_leads_pass_however_they_are_spelt(text: str) -> None:
    assert is_lead(text)


def test_numbers_and_versions() -> None:
    assert all(is_number(text) for text in ("5", "-0.05", "4.88", " 500 ", "1e-3", "2423175713"))
    assert not any(is_number(text) for text in ("", "5 mV", "1 2", "nan", "12345678901"))
    assert all(is_version(text) for text in ("1.02 SP05", "v241", "9.0.9.18167", "243"))
    assert is_samples("1 -2,3\n4.5e3") and is_samples("MQA0+/=\n") and not is_samples("by: Meyer")
