/// Numbers with their units, as files and commands write them: `60ms`, `2%`, `10mbit`.
package enum LabUnits {
    /// Nanoseconds of `30s`, `60ms`, `250us`, `2min`; up to a day.
    /// - Throws: `LabFault`.
    package static func time(_ text: String) throws(LabFault) -> UInt64 {
        let units: [(String, UInt64)] = [
            ("min", 60_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("s", 1_000_000_000),
        ]
        if text == "0" { return 0 }
        guard let value = scaled(text, units), value <= LabLimit.time else {
            throw LabFault("\(text) is no time up to a day: write it as 60ms, 30s or 2min")
        }
        return value
    }

    /// Parts of a million of `2%` or `0.5%`.
    /// - Throws: `LabFault`.
    package static func share(_ text: String) throws(LabFault) -> UInt32 {
        if text == "0" { return 0 }
        guard let value = scaled(text, [("%", 10_000)]), value <= UInt64(LabLimit.loss) else {
            throw LabFault("\(text) is no share of the packets: write it as 2% or 0.5%, up to 100%")
        }
        return UInt32(value)
    }

    /// Bits per second of `10mbit`, `500kbit`, `1gbit`; nil: `unlimited`.
    /// - Throws: `LabFault`.
    package static func rate(_ text: String) throws(LabFault) -> UInt64? {
        if text == "unlimited" { return nil }
        let units: [(String, UInt64)] = [
            ("gbit", 1_000_000_000), ("mbit", 1_000_000), ("kbit", 1_000), ("bit", 1),
        ]
        guard let value = scaled(text, units), (LabLimit.leastRate...LabLimit.rate).contains(value) else {
            throw LabFault("\(text) is no rate from 8kbit to 100gbit: write it as 10mbit, or unlimited")
        }
        return value
    }

    /// Two rates of `10mbit/1mbit`, or one for both of `10mbit`.
    /// - Throws: `LabFault`.
    package static func rates(_ text: String) throws(LabFault) -> (first: UInt64?, second: UInt64?) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else {
            throw LabFault("\(text) is no pair of rates: write it as 10mbit/1mbit")
        }
        let rates = try (rate(String(parts[0])), rate(String(parts[parts.count - 1])))
        return (rates.0, rates.1)
    }

    /// A time for people.
    package static func text(time: UInt64) -> String {
        for (unit, size) in [("s", 1_000_000_000 as UInt64), ("ms", 1_000_000), ("us", 1_000)]
        where time >= size && time % size == 0 {
            return "\(time / size)\(unit)"
        }
        return time == 0 ? "0" : "\(time / 1_000)us"
    }

    /// A share of packets for people.
    package static func text(share: UInt32) -> String {
        let rest = share % 10_000
        guard rest > 0 else { return "\(share / 10_000)%" }
        var digits = String(rest)
        while digits.utf8.count < 4 { digits = "0" + digits }
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(share / 10_000).\(digits)%"
    }

    /// A rate for people.
    package static func text(rate: UInt64?) -> String {
        guard let rate else { return "unlimited" }
        for (unit, size) in [("gbit", 1_000_000_000 as UInt64), ("mbit", 1_000_000), ("kbit", 1_000)]
        where rate >= size && rate % size == 0 {
            return "\(rate / size)\(unit)"
        }
        return "\(rate)bit"
    }

    /// A decimal number before one of the units, in the smallest of them; nil: it is none, or does not come out even.
    private static func scaled(_ text: String, _ units: [(String, UInt64)]) -> UInt64? {
        guard let (unit, size) = units.first(where: { text.hasSuffix($0.0) }) else { return nil }
        let parts = text.dropLast(unit.count).split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ isDigits($0) }),
            let whole = UInt64(parts[0])
        else { return nil }
        var (total, over) = whole.multipliedReportingOverflow(by: size)
        guard !over else { return nil }
        guard parts.count == 2 else { return total }
        var place = size
        for digit in parts[1].utf8 {
            guard place % 10 == 0 else { return nil }
            place /= 10
            (total, over) = total.addingReportingOverflow(UInt64(digit - 0x30) * place)
            guard !over else { return nil }
        }
        return total
    }

    private static func isDigits(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 12 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
