"""Writers for the XML and JSON formats, from their published layouts; nothing is shared with the readers.

Each plants the same identity (`IDENTITY`) in every field of the format that can hold one.
"""

import base64
import json
import zlib
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from contracts.ecg_files import PER_MV, Case, Unwritable, Written
from einthoven.record import ReadHints

IDENTITY = {
    "family": "Zwetschgenm\u00fcller",
    "given": "Quendolina",
    "number": "PAT-8812307",
    "visit": "VISIT-55190",
    "order": "ORD-60417",
    "birth": "19440229",
    "street": "Birnengasse 17",
    "phone": "0049-555-0199",
    "hospital": "Klinikum Nirgendwo",
    "physician": "Dr. Brombeer",
    "serial": "SN-4400917",
    "comment": "Tochter heisst Mirabelle",
}
WORDS = tuple(IDENTITY.values())
BIRTH = ("1944", "02", "29")

_UNIT_WORDS = {"mV": "MILLIVOLTS", "uV": "MICROVOLTS", "V": "VOLTS"}
_MDC_NUMBER = {"I": 1, "II": 2, "III": 61, "aVR": 62, "aVL": 63, "aVF": 64, **{f"V{k}": k + 2 for k in range(1, 7)}}


def _no_gap(case: Case) -> None:
    if case.gap:
        raise Unwritable("every stored number is a sample")


def _counts(case: Case, per_mv: float) -> np.ndarray:
    return np.round(case.truth * per_mv).astype(np.int64)


def _base64(row: np.ndarray, kind: str = "<i2") -> str:
    return base64.b64encode(row.astype(kind).tobytes()).decode()


def _person(name: str) -> str:
    return escape(IDENTITY[name])


def _written(name: str, text: str, tolerance: float, encoding: str = "utf-8") -> Written:
    return Written({name: text.encode(encoding)}, ReadHints(), tolerance)


# --- HL7 aECG -----------------------------------------------------------------------------------------------------


def aecg_text(case: Case, *, time: str = "GLIST_TS", prefix: str = "", encoding: str = "utf-8", beat: int = 0) -> str:
    """`time` is GLIST_TS, GLIST_PQ or SLIST_PQ; with a namespace prefix on each element; with a beat of that length."""
    _no_gap(case)
    p = f"{prefix}:" if prefix else ""
    step = 0.0005 * PER_MV[case.unit]

    def sequence(code: str, value: str) -> str:
        return (
            f'<{p}component><{p}sequence><{p}code code="{code}" codeSystem="2.16.840.1.113883.6.24"/>{value}'
            f"</{p}sequence></{p}component>"
        )

    def times(n: int) -> str:
        if time == "GLIST_TS":
            inside = f'<{p}head value="20240301101112.000"/><{p}increment value="{1 / case.rate!r}" unit="s"/>'
        elif time == "GLIST_PQ":
            inside = f'<{p}head value="0" unit="ms"/><{p}increment value="{1000 / case.rate!r}" unit="ms"/>'
        else:
            digits = " ".join(str(k) for k in range(n))
            inside = (
                f'<{p}origin value="0" unit="s"/><{p}scale value="{1 / case.rate!r}" unit="s"/>'
                f"<{p}digits>{digits}</{p}digits>"
            )
        kind = "TIME_ABSOLUTE" if time == "GLIST_TS" else "TIME_RELATIVE"
        return sequence(kind, f'<{p}value xsi:type="{time}">{inside}</{p}value>')

    def leads(n: int) -> str:
        parts = []
        for k, (lead, row) in enumerate(zip(case.leads, case.in_unit, strict=True)):
            origin = 3 * k * step
            digits = " ".join(str(int(value)) for value in np.round((row[:n] - origin) / step))
            parts.append(
                sequence(
                    f"MDC_ECG_LEAD_{lead.upper()}",
                    f'<{p}value xsi:type="SLIST_PQ"><{p}origin value="{origin!r}" unit="{case.unit}"/>'
                    f'<{p}scale value="{step!r}" unit="{case.unit}"/><{p}digits>{digits}\n</{p}digits></{p}value>',
                )
            )
        return "".join(parts)

    def series(tag: str, code: str, n: int, more: str = "") -> str:
        return (
            f'<{p}{tag}><{p}id root="{IDENTITY["order"]}"/><{p}code code="{code}"/>'
            f'<{p}effectiveTime><{p}low value="20240301101112"/></{p}effectiveTime>'
            f'<{p}author><{p}seriesAuthor><{p}manufacturedSeriesDevice><{p}id extension="{IDENTITY["serial"]}"/>'
            f"<{p}manufacturerModelName>Model 7</{p}manufacturerModelName></{p}manufacturedSeriesDevice>"
            f"<{p}manufacturerOrganization><{p}name>Maker</{p}name></{p}manufacturerOrganization>"
            f"</{p}seriesAuthor></{p}author><{p}secondaryPerformer><{p}seriesPerformer>"
            f'<{p}id extension="{_person("physician")}"/><{p}assignedPerson><{p}name>{_person("physician")}</{p}name>'
            f"</{p}assignedPerson></{p}seriesPerformer></{p}secondaryPerformer>{filters(0.05, 150)}"
            f"<{p}component><{p}sequenceSet>{times(n)}{leads(n)}</{p}sequenceSet></{p}component>{more}</{p}{tag}>"
        )

    def filters(low: float, high: float) -> str:
        return "".join(
            f"<{p}controlVariable><{p}controlVariable>"
            f'<{p}code code="MDC_ECG_CTL_VBL_ATTR_FILTER_{kind}"/><{p}component><{p}controlVariable>'
            f'<{p}code code="MDC_ECG_CTL_VBL_ATTR_FILTER_CUTOFF_FREQ"/><{p}value value="{value}" unit="Hz"/>'
            f"</{p}controlVariable></{p}component></{p}controlVariable></{p}controlVariable>"
            for kind, value in (("HIGH_PASS", low), ("LOW_PASS", high))
        )

    derived = f"<{p}derivation>{series('derivedSeries', 'REPRESENTATIVE_BEAT', beat)}</{p}derivation>" if beat else ""
    notes = (
        f"<{p}subjectOf><{p}annotationSet><{p}author><{p}assignedEntity><{p}assignedAuthorType><{p}assignedPerson>"
        f"<{p}name>{_person('physician')}</{p}name></{p}assignedPerson></{p}assignedAuthorType></{p}assignedEntity>"
        f'</{p}author><{p}component><{p}annotation><{p}code code="MDC_ECG_INTERPRETATION_COMMENT"/>'
        f'<{p}value xsi:type="ST">{_person("comment")}</{p}value></{p}annotation></{p}component>'
        f'<{p}component><{p}annotation><{p}code code="MDC_ECG_RHY"/><{p}value xsi:type="CE"'
        f' code="MDC_ECG_RHY_SINUS_RHY" codeSystemName="MDC"/></{p}annotation></{p}component>'
        f"</{p}annotationSet></{p}subjectOf>"
    )
    space = f"xmlns:{prefix}" if prefix else "xmlns"
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<!-- made for {_person("family")} -->\n'
        f'<{p}AnnotatedECG {space}="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<{p}id root="{IDENTITY["order"]}"/><{p}effectiveTime><{p}center value="20240301101112"/></{p}effectiveTime>'
        f'<{p}componentOf><{p}timepointEvent><{p}id extension="{IDENTITY["visit"]}"/>'
        f"<{p}componentOf><{p}subjectAssignment><{p}subject><{p}trialSubject>"
        f'<{p}id root="1.2.3" extension="{IDENTITY["number"]}"/><{p}subjectDemographicPerson>'
        f"<{p}name><{p}family>{_person('family')}</{p}family><{p}given>{_person('given')}</{p}given></{p}name>"
        f"<{p}addr><{p}streetAddressLine>{_person('street')}</{p}streetAddressLine></{p}addr>"
        f'<{p}telecom value="tel:{IDENTITY["phone"]}"/><{p}administrativeGenderCode code="F"/>'
        f'<{p}birthTime value="{IDENTITY["birth"]}"/></{p}subjectDemographicPerson></{p}trialSubject></{p}subject>'
        f"</{p}subjectAssignment></{p}componentOf></{p}timepointEvent></{p}componentOf>"
        f"<{p}location><{p}testingSite><{p}location><{p}name>{_person('hospital')}</{p}name></{p}location>"
        f'</{p}testingSite></{p}location><{p}controlVariable><{p}relatedObservation><{p}code code="21612-7"/>'
        f'<{p}value value="80" unit="a"/></{p}relatedObservation></{p}controlVariable>'
        f"<{p}pertainsTo><{p}subjectFindingComment><{p}text>{_person('comment')}</{p}text></{p}subjectFindingComment>"
        f"</{p}pertainsTo><{p}component>{series('series', 'RHYTHM', case.n_samples, derived + notes)}</{p}component>"
        f"</{p}AnnotatedECG>"
    )


def write_aecg(case: Case) -> Written:
    return _written("ecg.xml", aecg_text(case), 0.51 * 0.0005)


def write_aecg_relative(case: Case) -> Written:
    return _written("ecg.xml", aecg_text(case, time="GLIST_PQ", prefix="hl7"), 0.51 * 0.0005)


def write_aecg_written_times(case: Case) -> Written:
    return _written("ecg.xml", "\ufeff" + aecg_text(case, time="SLIST_PQ"), 0.51 * 0.0005)


def write_aecg_utf16(case: Case) -> Written:
    return _written("ecg.xml", aecg_text(case, encoding="utf-16"), 0.51 * 0.0005, "utf-16")


# --- GE MUSE ------------------------------------------------------------------------------------------------------


def muse_text(case: Case, *, encoding: str = "ISO-8859-1", median: int = 0, size: int = 2) -> str:
    """With the median beat first, as MUSE does, when one of that length is asked for."""
    _no_gap(case)
    exponent = 0 if case.rate == round(case.rate) else -1
    step = 0.00488 * PER_MV[case.unit]

    def lead(name: str, row: np.ndarray) -> str:
        counts = np.round(row / step).astype(f"<i{size}")
        return (
            f"<LeadData><LeadByteCountTotal>{counts.nbytes}</LeadByteCountTotal><LeadTimeOffset>0</LeadTimeOffset>"
            f"<LeadSampleCountTotal>{len(counts)}</LeadSampleCountTotal>"
            f"<LeadAmplitudeUnitsPerBit>{step!r}</LeadAmplitudeUnitsPerBit>"
            f"<LeadAmplitudeUnits>{_UNIT_WORDS[case.unit]}</LeadAmplitudeUnits><LeadID>{name.upper()}</LeadID>"
            f"<FirstSampleBaseline>0</FirstSampleBaseline><LeadSampleSize>{size}</LeadSampleSize>"
            f"<LeadDataCRC32>{zlib.crc32(counts.tobytes())}</LeadDataCRC32>"
            f"<WaveFormData>\n{_base64(counts, f'<i{size}')}\n</WaveFormData></LeadData>"
        )

    def wave(kind: str, n: int) -> str:
        leads = "".join(lead(name, row[:n]) for name, row in zip(case.leads, case.in_unit, strict=True))
        return (
            f"<Waveform><WaveformType>{kind}</WaveformType><NumberofLeads>{len(case.leads)}</NumberofLeads>"
            f"<SampleType>CONTINUOUS_SAMPLES</SampleType><SampleBase>{round(case.rate * 10**-exponent)}</SampleBase>"
            f"<SampleExponent>{exponent}</SampleExponent><HighPassFilter>16</HighPassFilter>"
            f"<LowPassFilter>100</LowPassFilter>{leads}</Waveform>"
        )

    i = {key: _person(key) for key in IDENTITY}
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<!DOCTYPE RestingECG SYSTEM "restecg.dtd">\n<RestingECG>'
        f"<MuseInfo><MuseVersion>9.0</MuseVersion></MuseInfo><PatientDemographics><PatientID>{i['number']}</PatientID>"
        f"<PatientAge>80</PatientAge><AgeUnits>YEARS</AgeUnits><DateofBirth>02-29-1944</DateofBirth>"
        f"<Gender>FEMALE</Gender><PatientLastName>{i['family']}</PatientLastName>"
        f"<PatientFirstName>{i['given']}</PatientFirstName><PatientAddress>{i['street']}</PatientAddress>"
        f"<PatientPhone>{i['phone']}</PatientPhone></PatientDemographics>"
        f"<TestDemographics><SiteName>{i['hospital']}</SiteName><AcquisitionDevice>MAC55</AcquisitionDevice>"
        f"<Status>CONFIRMED</Status><AcquisitionTime>10:11:12</AcquisitionTime>"
        f"<AcquisitionDate>03-01-2024</AcquisitionDate><CartNumber>{i['serial']}</CartNumber>"
        f"<OverreaderLastName>{i['physician']}</OverreaderLastName><SecondaryID>{i['visit']}</SecondaryID>"
        f"<TestReason>{i['comment']}</TestReason></TestDemographics>"
        f"<Order><RequisitionNumber>{i['order']}</RequisitionNumber></Order>"
        f"<RestingECGMeasurements><VentricularRate>72</VentricularRate></RestingECGMeasurements>"
        f"<Diagnosis><DiagnosisStatement><StmtFlag>ENDSLINE</StmtFlag>"
        f"<StmtText>Confirmed by {i['physician']}</StmtText></DiagnosisStatement></Diagnosis>"
        f"<OriginalDiagnosis><DiagnosisStatement><StmtText>Normal sinus</StmtText></DiagnosisStatement>"
        f"<DiagnosisStatement><StmtFlag>ENDSLINE</StmtFlag><StmtText>rhythm</StmtText></DiagnosisStatement>"
        f"</OriginalDiagnosis>{wave('Median', median) if median else ''}{wave('Rhythm', case.n_samples)}</RestingECG>"
    )


def write_muse(case: Case) -> Written:
    return _written("ecg.xml", muse_text(case), 0.51 * 0.00488, "iso-8859-1")


def write_muse_wide(case: Case) -> Written:
    """Four bytes a sample, in UTF-8 with byte order mark, though the declaration says UTF-16."""
    return _written("ecg.xml", "\ufeff" + muse_text(case, encoding="utf-16", size=4), 0.51 * 0.00488)


# --- Philips Sierra -----------------------------------------------------------------------------------------------


def sierra_text(
    case: Case, *, version: str = "1.04.01", coding: str = "Base64", beat: int = 0, pulse: bool = False
) -> str:
    """Uncompressed (Base64 or Plain) or XLI; with representative beats of that length; with the calibration pulse."""
    _no_gap(case)
    counts = list(_counts(case, 200))  # 5 uV a count
    if pulse:
        tail = np.zeros(300, dtype=np.int64)
        tail[100:200] = 200
        counts = [np.concatenate((row, tail)) for row in counts]
    n_samples = len(counts[0])
    duration = 1000 * n_samples / case.rate
    rows = np.array(counts)
    if coding == "XLI":
        stored, encoding = base64.b64encode(_xli(case.leads, counts)).decode(), "Base64"
    elif coding == "Plain":
        stored, encoding = " ".join(str(value) for value in rows.ravel()), "Plain"
    else:
        stored, encoding = _base64(rows.ravel()), "Base64"
    i = {key: _person(key) for key in IDENTITY}
    if version == "1.03":
        if case.leads != _STANDARD:
            raise Unwritable("1.03 names its leads by the lead set STD-12")
        kind, attributes = "SierraECG", f'durationperchannel="{duration!r}" dataencoding="{encoding}"'
        attributes += ' compressflag="True" compressmethod="XLI"' if coding == "XLI" else ' compressflag="False"'
        signal = (
            f"<samplingrate>{case.rate!r}</samplingrate><signalresolution>5</signalresolution>"
            "<signalbandwidth>0.05-150</signalbandwidth><acquisitiontype>STD-12</acquisitiontype>"
            "<signaloffset>0</signaloffset><signalsigned>True</signalsigned>"
            "<numberchannelsallocated>12</numberchannelsallocated><leadset>STD-12</leadset>"
        )
    else:
        kind = "PhilipsECG"
        attributes = (
            f'dataencoding="{encoding}" compression="{"XLI" if coding == "XLI" else "Uncompressed"}" '
            f'numberofleads="{len(case.leads)}" leadlabels="{" ".join(case.leads)}" durationperchannel="{duration!r}" '
            f'samplespersecond="{case.rate!r}" resolution="5" signaloffset="0" signalsigned="True" hipass="0.05" '
            f'lowpass="150"'
        )
        signal = "<samplingrate>1</samplingrate><resolution>77</resolution><hipass>9</hipass><lowpass>10</lowpass>"
    beats = "".join(
        f'<repbeat leadname="{lead}"><waveform duration="{beat}">{_base64(np.round(row[:beat] * 1000))}</waveform>'
        "</repbeat>"
        for lead, row in zip(case.leads, case.truth, strict=True)
    )
    median = f'<repbeats dataencoding="Base64" samplespersec="1000" resolution="1.0">{beats}</repbeats>' if beat else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<restingecgdata xmlns="http://www3.medical.philips.com">'
        f"<documentinfo><documentname>{i['order']}.xml</documentname><filename>{i['family']}.xml</filename>"
        f"<documenttype>{kind}</documenttype><documentversion>{version}</documentversion>"
        f"<editor id={quoteattr(IDENTITY['physician'])}>{i['physician']}</editor><comments>{i['comment']}</comments>"
        f"</documentinfo><userdefines><userdefine><label>Visit</label><value>{i['visit']}</value></userdefine>"
        f"</userdefines><orderinfo><ordernumber>{i['order']}</ordernumber></orderinfo>"
        f'<dataacquisition date="2024-03-01" time="10:11:12"><machine machineid={quoteattr(IDENTITY["serial"])} '
        f'detaildescription="Philips Medical Products:860315:A.07">PageWriter TC</machine><acquirer>'
        f"<operator id={quoteattr(IDENTITY['physician'])}>{i['physician']}</operator>"
        f"<institutionname>{i['hospital']}</institutionname></acquirer>"
        f"<signalcharacteristics>{signal}</signalcharacteristics></dataacquisition>"
        f"<patient><generalpatientdata><patientid>{i['number']}</patientid><MRN>{i['number']}</MRN>"
        f"<name><lastname>{i['family']}</lastname><firstname>{i['given']}</firstname></name>"
        f"<address><street>{i['street']}</street><phone>{i['phone']}</phone></address>"
        f"<age><years>80</years><dateofbirth>1944-02-29</dateofbirth></age><sex>Female</sex></generalpatientdata>"
        f"</patient><interpretations><interpretation><mdsignatureline>Confirmed by {i['physician']}</mdsignatureline>"
        f'<severity code="NM" id="1">- NORMAL -</severity><statement editedflag="True">'
        f"<statementcode>SR</statementcode><leftstatement>{i['comment']}</leftstatement></statement></interpretation></interpretations>"
        f"<waveforms><parsedwaveforms {attributes}>{stored}</parsedwaveforms>{median}</waveforms></restingecgdata>"
    )


_STANDARD = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


def _xli(leads: Sequence[str], counts: list[np.ndarray]) -> bytes:
    """Chunks with the four limb leads as differences, each LZW coded."""
    if tuple(leads) != _STANDARD:
        raise Unwritable("compressed files hold the twelve leads in the usual order")
    one, two, three = counts[:3]
    stored = [
        one,
        two,
        two - one - three,
        -(np.floor_divide(one + two, 2)) - counts[3],
        np.floor_divide(one - three, 2) - counts[4],
        np.floor_divide(two + three, 2) - counts[5],
        *counts[6:],
    ]
    chunks = []
    for row in stored:
        start = int(-(row[2] - 2 * row[1] + row[0]))
        words = row.copy()
        # Word i holds what makes sample i + 1: the negated second difference there, plus 64.
        second = row[2:] - 2 * row[1:-1] + row[:-2]
        words[2:-1] = 64 - second[1:]
        words[-1] = 64
        raw = words.astype(">i2").tobytes()
        body = _lzw(raw[0::2] + raw[1::2])
        chunks.append(len(body).to_bytes(4, "little") + b"\1\0" + (start & 0xFFFF).to_bytes(2, "little") + body)
    return b"".join(chunks)


def _lzw(data: bytes) -> bytes:
    """Ten-bit codes, dictionary up to 1023 entries, code 1023 at the end."""
    table = {bytes((k,)): k for k in range(256)}
    bits, held = [], b""
    for k in range(len(data)):
        byte = data[k : k + 1]
        if held + byte in table:
            held += byte
            continue
        bits.append(table[held])
        if len(table) < 1023:
            table[held + byte] = len(table)
        held = byte
    text = "".join(f"{code:010b}" for code in [*bits, table[held], 1023])
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def write_sierra(case: Case) -> Written:
    return _written("ecg.xml", sierra_text(case), 0.51 * 0.005)


def write_sierra_103(case: Case) -> Written:
    return _written("ecg.xml", sierra_text(case, version="1.03"), 0.51 * 0.005)


def write_sierra_xli(case: Case) -> Written:
    return _written("ecg.xml", sierra_text(case, coding="XLI"), 0.51 * 0.005)


def write_sierra_plain(case: Case) -> Written:
    text = sierra_text(case, coding="Plain", version="1.04").replace('encoding="UTF-8"', 'encoding="utf-16"')
    return _written("ecg.xml", text, 0.51 * 0.005, "utf-16")


# --- GE Cardiosoft ------------------------------------------------------------------------------------------------


def cardiosoft_text(case: Case, *, median: int = 0, full: str = "") -> str:
    """A resting ECG; with `full` (by-sample or by-second) the leads stand in FullDisclosure instead."""
    _no_gap(case)
    step = 5 if case.unit == "uV" else 2.5
    counts = _counts(case, 1000 / step)

    def number(value: float) -> str:
        return str(round(value)) if value == round(value) else repr(value)

    def waves(n: int) -> str:
        return "".join(
            f'<WaveformData lead="{lead}">\n\t{",".join(str(value) for value in row[:n])}\n\t</WaveformData>'
            for lead, row in zip(case.leads, counts, strict=True)
        )

    rate, resolution = number(case.rate), number(step)
    scale = f'<SampleRate units="Hz">{rate}</SampleRate><Resolution units="uVperLsb">{resolution}</Resolution>'
    if full:
        block = round(case.rate)
        flat = (
            counts.T.ravel() if full == "by-sample" else counts.reshape(len(counts), -1, block).swapaxes(0, 1).ravel()
        )
        lines = [",".join(str(v) for v in flat[k : k + 40]) + "," for k in range(0, len(flat), 40)]
        held = (
            "<FullDisclosure><StartTime><Minute>0</Minute><Second>0</Second></StartTime>"
            f"<NumberOfChannels>{len(counts)}</NumberOfChannels>{scale}<LeadOrder>{','.join(case.leads)}</LeadOrder>"
            "<FullDisclosureData>\n\t" + "\n\t".join(lines) + "</FullDisclosureData></FullDisclosure>"
        )
    else:
        held = (
            f"<StripData><NumberOfLeads>{len(counts)}</NumberOfLeads>{scale}"
            f"<ChannelSampleCountTotal>{case.n_samples}</ChannelSampleCountTotal>{waves(case.n_samples)}</StripData>"
        )
    beat = (
        f"<MedianSamples><NumberOfLeads>{len(counts)}</NumberOfLeads>{scale}"
        f"<ChannelSampleCountTotal>{median}</ChannelSampleCountTotal>{waves(median)}</MedianSamples>"
        if median
        else ""
    )
    i = {key: _person(key) for key in IDENTITY}
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<CardiologyXML xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        "<ObservationType>RestECG</ObservationType><ObservationDateTime><Hour>10</Hour><Minute>11</Minute>"
        "<Second>12</Second><Day>1</Day><Month>3</Month><Year>2024</Year></ObservationDateTime>"
        f"<ClinicalInfo><ReasonForStudy>{i['comment']}</ReasonForStudy><DeviceInfo><Desc>CardioSoft</Desc>"
        f"<SerialNumber>{i['serial']}</SerialNumber></DeviceInfo></ClinicalInfo>"
        f"<PatientVisit><PatientClass>{i['visit']}</PatientClass><AssignedPatientLocation><Facility>{i['hospital']}"
        "</Facility></AssignedPatientLocation></PatientVisit>"
        f"<PatientInfo><PID>{i['number']}</PID><Name><FamilyName>{i['family']}</FamilyName><GivenName>{i['given']}"
        '</GivenName></Name><Age units="years">80</Age><BirthDateTime><Day>29</Day><Month>2</Month><Year>1944</Year>'
        f"</BirthDateTime><Gender>FEMALE</Gender><Address>{i['street']}</Address><Phone>{i['phone']}</Phone>"
        f"</PatientInfo><FillerOrderNumber>{i['order']}</FillerOrderNumber>"
        "<Interpretation><Diagnosis><DiagnosisText>Normal sinus rhythm</DiagnosisText></Diagnosis>"
        f"<Conclusion><ConclusionText>{i['physician']}</ConclusionText></Conclusion></Interpretation>"
        f'<RestingECGMeasurements><VentricularRate units="BPM">72</VentricularRate>{beat}</RestingECGMeasurements>'
        f"{held}</CardiologyXML>"
    )


def write_cardiosoft(case: Case) -> Written:
    return _written("ecg.xml", cardiosoft_text(case), 0.51 * 0.005, "iso-8859-1")


# --- Mortara ------------------------------------------------------------------------------------------------------


def mortara_text(case: Case, *, beat: int = 0) -> str:
    _no_gap(case)
    counts = _counts(case, 400)
    common = f'BITS="16" FORMAT="SIGNED" UNITS_PER_MV="400" SAMPLE_FREQ="{case.rate!r}" ENCODING="BASE64"'
    channels = "".join(
        f'<CHANNEL OFFSET="0" {common} DURATION="{len(row)}" NAME="{lead}" DATA="{_base64(row)}"/>'
        for lead, row in zip(case.leads, counts, strict=True)
    )
    beats = "".join(
        f'<TYPICAL_CYCLE_CHANNEL NAME="{lead}" DATA="{_base64(row[:beat])}"/>'
        for lead, row in zip(case.leads, counts, strict=True)
    )
    cycle = f'<TYPICAL_CYCLE {common} DURATION="{beat}" QRS_DURATION="90">{beats}</TYPICAL_CYCLE>' if beat else ""
    q = {key: quoteattr(value) for key, value in IDENTITY.items()}
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<ECG ACQUISITION_TIME="20240301101112" AGE="80" AGE_UNITS="YEARS" ROOM={q["hospital"]} '
        f'TECHNICIAN={q["physician"]} COMMENT={q["comment"]} VENT_RATE="72">'
        f'<SUBJECT LAST_NAME={q["family"]} FIRST_NAME={q["given"]} ID={q["number"]} GENDER="Female" '
        f'DOB="{IDENTITY["birth"]}" ADDRESS={q["street"]} PHONE={q["phone"]}/>'
        f'<SOURCE TYPE="STANDARD" MANUFACTURER="Mortara" MODEL="ELI 250" '
        f"ACQUIRING_DEVICE_SERIAL_NUMBER={q['serial']} ACQUIRING_DEVICE_SITE_NAME={q['hospital']}/>"
        f"<ORDER NUMBER={q['order']} VISIT={q['visit']}/>"
        f'<DEMOGRAPHIC_FIELDS><DEMOGRAPHIC_FIELD ID="1" LABEL="Name" VALUE={q["family"]}/></DEMOGRAPHIC_FIELDS>'
        '<AUTOMATIC_INTERPRETATION><STATEMENT TEXT="NORMAL SINUS RHYTHM" REASON=""/></AUTOMATIC_INTERPRETATION>'
        f"{cycle}{channels}</ECG>"
    )


def write_mortara(case: Case) -> Written:
    return _written("ecg.xml", mortara_text(case), 0.51 / 400)


# --- FHIR ---------------------------------------------------------------------------------------------------------


def _sampled(case: Case, row: np.ndarray, release: str) -> dict[str, object]:
    factor = 0.001 * PER_MV[case.unit]
    origin = 2 * factor
    data = " ".join("E" if np.isnan(value) else str(round((value - origin) / factor)) for value in row)
    timing: dict[str, object] = (
        {"period": 1000 / case.rate} if release == "R4" else {"interval": 1 / case.rate, "intervalUnit": "s"}
    )
    unit = {"value": origin, "unit": case.unit, "system": "http://unitsofmeasure.org", "code": case.unit}
    return {"origin": unit, **timing, "factor": factor, "dimensions": 1, "data": data}


def _code(lead: str) -> dict[str, object]:
    system = "urn:iso:std:iso:11073:10101"
    return {"coding": [{"system": system, "code": str(131328 + _MDC_NUMBER[lead])}], "text": f"Lead {lead}"}


def fhir_observation(case: Case, *, release: str = "R4") -> dict[str, object]:
    return {
        "resourceType": "Observation",
        "id": IDENTITY["order"],
        "text": {"status": "generated", "div": f"<div>{IDENTITY['family']}</div>"},
        "identifier": [{"value": IDENTITY["order"]}],
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "11524-6", "display": "EKG study"}],
                 "text": IDENTITY["comment"]},
        "subject": {"reference": "Patient/p1", "display": f"{IDENTITY['given']} {IDENTITY['family']}"},
        "encounter": {"reference": f"Encounter/{IDENTITY['visit']}"},
        "effectiveDateTime": "2024-03-01T10:11:12+01:00",
        "performer": [{"display": IDENTITY["physician"]}, {"display": IDENTITY["hospital"]}],
        "note": [{"text": IDENTITY["comment"]}],
        "device": {"display": IDENTITY["serial"]},
        "component": [
            *({"code": _code(lead), "valueSampledData": _sampled(case, row, release)}
              for lead, row in zip(case.leads, case.in_unit, strict=True)),
            {"code": {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}]},
             "valueQuantity": {"value": 72, "unit": "/min"}},
        ],
    }  # fmt: skip


def fhir_patient() -> dict[str, object]:
    return {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"value": IDENTITY["number"]}],
        "name": [{"family": IDENTITY["family"], "given": [IDENTITY["given"]]}],
        "telecom": [{"value": IDENTITY["phone"]}],
        "gender": "female",
        "birthDate": "-".join(BIRTH),
        "address": [{"line": [IDENTITY["street"]]}],
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def write_fhir(case: Case) -> Written:
    return Written({"ecg.json": _json(fhir_observation(case))}, ReadHints(), 0.51 * 0.001)


def write_fhir_r5_bundle(case: Case) -> Written:
    entries = [{"resource": fhir_patient()}, {"resource": fhir_observation(case, release="R5")}]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return Written({"ecg.json": _json(bundle)}, ReadHints(), 0.51 * 0.001)


def write_fhir_lead_by_lead(case: Case) -> Written:
    """A Bundle with an Observation for each lead, taken at the same time."""
    entries = []
    for lead, row in zip(case.leads, case.in_unit, strict=True):
        whole = fhir_observation(case)
        del whole["component"]
        whole |= {"code": _code(lead), "valueSampledData": _sampled(case, row, "R4")}
        entries.append({"resource": whole})
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return Written({"ecg.json": _json(bundle)}, ReadHints(), 0.51 * 0.001)


def _fhir_xml(name: str, value: object) -> str:
    if isinstance(value, list):
        return "".join(_fhir_xml(name, item) for item in value)
    if isinstance(value, dict):
        kind = value.get("resourceType")
        inside = "".join(_fhir_xml(key, item) for key, item in value.items() if key != "resourceType")
        return f"<{name}><{kind}>{inside}</{kind}></{name}>" if kind else f"<{name}>{inside}</{name}>"
    return f"<{name} value={quoteattr(str(value))}/>"


def write_fhir_xml(case: Case) -> Written:
    observation = fhir_observation(case)
    inside = "".join(_fhir_xml(key, value) for key, value in observation.items() if key not in ("resourceType", "text"))
    text = f'<?xml version="1.0"?>\n<Observation xmlns="http://hl7.org/fhir">{inside}</Observation>'
    return _written("ecg.xml", text, 0.51 * 0.001)


# --- Kardia -------------------------------------------------------------------------------------------------------

_KARDIA = {"I": "leadI", "II": "leadII", "III": "leadIII", "aVR": "AVR", "aVL": "AVL", "aVF": "AVF"}


def kardia_document(case: Case, *, enhanced: bool = False) -> dict[str, object]:
    def block(scale: float) -> dict[str, object]:
        samples = {
            _KARDIA.get(lead, lead): [None if np.isnan(value) else round(value) for value in row * 2000 * scale]
            for lead, row in zip(case.leads, case.truth, strict=True)
        }
        return {"frequency": case.rate, "mainsFrequency": 50, "amplitudeResolution": 500, "numLeads": len(samples),
                "samples": samples}  # fmt: skip

    return {
        "id": IDENTITY["order"],
        "patientID": IDENTITY["number"],
        "duration": round(1000 * case.n_samples / case.rate),
        "heartRate": 72,
        "note": IDENTITY["comment"],
        "tags": [IDENTITY["visit"], IDENTITY["family"]],
        "recordedAt": "2024-03-01T10:11:12Z",
        "algorithmDetermination": "normal",
        "deviceInfo": {"hardwareType": "triangle", "serialNumber": IDENTITY["serial"]},
        "data": {"raw": block(1), **({"enhanced": block(0.5)} if enhanced else {})},
    }


def write_kardia(case: Case) -> Written:
    return Written({"ecg.json": _json(kardia_document(case))}, ReadHints(), 0.51 * 0.0005)


WRITERS_XML: dict[str, Callable[[Case], Written]] = {
    "aecg": write_aecg,
    "cardiosoft": write_cardiosoft,
    "fhir": write_fhir,
    "kardia": write_kardia,
    "mortara": write_mortara,
    "muse": write_muse,
    "sierra": write_sierra,
}

VARIANTS_XML: dict[str, Callable[[Case], Written]] = {
    "aecg-relative-time-prefix": write_aecg_relative,
    "aecg-written-times-bom": write_aecg_written_times,
    "aecg-utf16": write_aecg_utf16,
    "fhir-r5-bundle": write_fhir_r5_bundle,
    "fhir-lead-by-lead": write_fhir_lead_by_lead,
    "fhir-xml": write_fhir_xml,
    "muse-four-bytes-utf8-bom": write_muse_wide,
    "sierra-1.03": write_sierra_103,
    "sierra-plain-utf16": write_sierra_plain,
    "sierra-xli": write_sierra_xli,
}
