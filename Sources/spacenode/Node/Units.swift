internal import Foundation

/// A stretch of time for people: the two largest units that say something.
func duration(_ milliseconds: UInt64) -> String {
    let seconds = milliseconds / 1000
    switch seconds {
    case ..<1: return "0.\(milliseconds / 100) s"
    case ..<120: return "\(seconds) s"
    case ..<3600: return "\(seconds / 60) min"
    case ..<86_400: return "\(seconds / 3600) h " + two(seconds / 60 % 60) + " min"
    default: return "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
    }
}

private func two(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }

/// Time from a moment to another, both in Unix milliseconds.
func age(_ from: UInt64, _ to: UInt64) -> String { duration(to > from ? to - from : 0) }

/// Bytes in binary units with three figures.
func byteCount(_ bytes: UInt64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
        value /= 1024
        unit += 1
    }
    let decimals = unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2
    return String(format: "%.\(decimals)f", value) + " \(units[unit])"
}

/// A whole number with a comma every three digits.
func grouped(_ number: UInt64) -> String {
    var result = ""
    for (index, digit) in String(number).reversed().enumerated() {
        if index > 0, index % 3 == 0 { result.append(",") }
        result.append(digit)
    }
    return String(result.reversed())
}

/// Date and time here.
func localTime(_ milliseconds: UInt64) -> String {
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = "\(1900 + parts.tm_year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    return "\(date) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
}

/// Unix milliseconds.
func wallMilliseconds() -> UInt64 { UInt64(Date().timeIntervalSince1970 * 1000) }
