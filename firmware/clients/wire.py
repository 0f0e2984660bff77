"""The messages of core/SPEC.md as data, their bytes, and their frames: what a host needs of that page."""
import re, struct, zlib

VERSION = 5
STRUCTS = {
    "Sample": "end i64, interval_s u32, arrivals_events Reading, processed_events Reading, backlog_events "
              "Reading, queued_events Reading, work_ms Reading, jobs_ready option<u32>, jobs_starting option<u32>",
    "Decision": "epoch u64, at i64, jobs u32, current_jobs u32, stage Stage, base Base, multiplier option<f32>, "
                "q_values option<f32[9]>, proposed u32, changes list<Change>, reason Reason, outlook "
                "option<Outlook>, prospects option<Prospect[2]>, doubts doubts, preference option<Preference>, "
                "forecast option<Basis>",
    "Change": "by Constraint, from u32, to u32",
    "Outlook": "now f32, lead_q50 f32, lead_q90 f32, horizons f32[3][3]",
    "Prospect": "jobs u32, cost f32, late f32",
    "Preference": "multiplier f32, margin f32, needed f32",
    "Basis": "source ForecastSource, network_weight f32[3], network_effect f32[3]",
    "Config": "min_jobs u32, max_jobs u32, sla_s f32, start_up_s f32, interval_s u32, base Base, catch_up_s f32, "
              "stale_after_s u32, scale_down_window_s u32, max_step_up f32, max_step_down f32",
    "Status": "pack_crc u32, network_role NetworkRole, takes_unsigned bool, epoch u64, last_end option<i64>, jobs "
              "option<u32>, resets u32, cause ResetCause, crash option<Crash>, dropped u32, overruns u32, uploaded "
              "u32, decision_us u32, stack_unused option<u32>",
    "Crash": "cause ResetCause, text string, registers list<u32>",
    # The fields of members that have names.
    "Stale": "value f32, age_s u32", "UploadBegin": "length u32, kind UploadKind",
    "UploadChunk": "offset u32, bytes list<u8>", "AskLearned": "offset u32",
    "Learned": "epoch u64, length u32, offset u32, bytes list<u8>",
}
ENUMS = {  # A member, and the type of what it holds.
    "Message": "Sample:Sample Decision:Decision Refused:Refusal Configure:Config Time:i64 Ask Status:Status "
               "UploadBegin:UploadBegin UploadChunk:UploadChunk UploadEnd Forget AskLearned:AskLearned Learned:Learned",
    "Reading": "Known:f32 Missing Stale:Stale",
    "Stage": "network plan quantile_rule reactive hold",
    "Base": "required current",
    "Constraint": "ceiling reactive_floor scale_down_window frozen step_up step_down limits stale missing useless overdue",
    "Reason": "steady forecast_rise catch_up load_now forecast_fall held_by_guard at_limit stalled blind useless overdue",
    "ForecastSource": "network experts",
    "Refusal": "Frame Kind SampleTime SampleValue Config Upload Pack Storage Version Signature SampleJump Learned",
    "NetworkRole": "absent cannot_act can_act",
    "ResetCause": "Power Wanted Watchdog Panic HardFault Lockup Pin Board Unknown",
    "UploadKind": "Model Learned",
}
DOUBTS = "arrivals processed backlog jump silence frozen counts jobs work pool queue".split()


def fields(name):
    return [field.strip().rsplit(" ", 1) for field in STRUCTS[name].split(",")]


def members(name):
    return [(member.split(":") + [None])[:2] for member in ENUMS[name].split()]


def read(kind, data):
    """Takes a value of a type off the front of `data`, a bytearray."""
    if kind in ("u8", "bool"):
        byte = data.pop(0)
        return bool(byte) if kind == "bool" else byte
    if kind in ("u16", "u32", "u64"):
        value = shift = 0
        while True:
            byte = data.pop(0)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
    if kind == "i64":
        value = read("u64", data)
        return value >> 1 ^ -(value & 1)
    if kind == "f32":
        return struct.unpack("<f", bytes(data.pop(0) for _ in range(4)))[0]
    if kind == "doubts":
        bits = read("u16", data)
        return [name for k, name in enumerate(DOUBTS) if bits >> k & 1]
    if kind == "string":
        return bytes(read("list<u8>", data)).decode()
    if inner := re.fullmatch(r"option<(.*)>", kind):
        return read(inner[1], data) if data.pop(0) else None
    if inner := re.fullmatch(r"list<(.*)>", kind):
        return [read(inner[1], data) for _ in range(read("u32", data))]
    if inner := re.fullmatch(r"(.*)\[(\d+)\]", kind):
        return [read(inner[1], data) for _ in range(int(inner[2]))]
    if kind in ENUMS:
        name, held = members(kind)[read("u32", data)]
        return {name: read(held, data)} if held else name
    return {name: read(of, data) for name, of in fields(kind)}


def write(kind, value):
    """The bytes of a value: the other way round."""
    if kind in ("u8", "bool"):
        return bytes([value])
    if kind in ("u16", "u32", "u64"):
        more = value >> 7
        return bytes([value & 0x7F | (0x80 if more else 0)]) + (write(kind, more) if more else b"")
    if kind == "i64":
        return write("u64", (value << 1 ^ value >> 63) & (1 << 64) - 1)
    if kind == "f32":
        return struct.pack("<f", value)
    if kind == "doubts":
        return write("u16", sum(1 << DOUBTS.index(name) for name in value))
    if kind == "string":
        return write("list<u8>", list(value.encode()))
    if inner := re.fullmatch(r"option<(.*)>", kind):
        return b"\0" if value is None else b"\1" + write(inner[1], value)
    if inner := re.fullmatch(r"list<(.*)>", kind):
        return write("u32", len(value)) + b"".join(write(inner[1], each) for each in value)
    if inner := re.fullmatch(r"(.*)\[\d+\]", kind):
        return b"".join(write(inner[1], each) for each in value)
    if kind in ENUMS:
        name, held = next(iter(value.items())) if isinstance(value, dict) else (value, None)
        number, (_, of) = next((k, m) for k, m in enumerate(members(kind)) if m[0] == name)
        return write("u32", number) + (write(of, held) if of else b"")
    return b"".join(write(of, value[name]) for name, of in fields(kind))


def frame(number, message):
    content = struct.pack("<BH", VERSION, number) + write("Message", message)
    content += struct.pack("<I", zlib.crc32(content))
    out = bytearray()
    for part in content.split(b"\0"):
        groups = [part[at:at + 254] for at in range(0, len(part), 254)] or [b""]
        for group in groups:
            out += bytes([len(group) + 1]) + group
        # A full group stands for no zero: one that ends a part needs an empty one behind it.
        if len(groups[-1]) == 254:
            out += b"\1"
    return bytes(out) + b"\0"


def unframe(data):
    """Number and message of a frame without its end; ValueError if it is damaged or of another version."""
    content, at = bytearray(), 0
    while at < len(data):
        code = data[at]
        content += data[at + 1:at + code]
        at += code
        if code < 255 and at < len(data):
            content.append(0)
    if at != len(data) or len(content) < 8 or zlib.crc32(content[:-4]) != struct.unpack("<I", content[-4:])[0]:
        raise ValueError("damaged")
    version, number = struct.unpack("<BH", content[:3])
    if version != VERSION:
        raise ValueError(f"the device speaks version {version} of the messages, this program {VERSION}")
    rest = content[3:-4]
    message = read("Message", rest)
    if rest:
        raise ValueError("bytes are left over")
    return number, message
