/// Why some bytes are not the canonical encoding of a value.
///
/// The bytes come from outside the process: whoever sent them is to blame.
package enum ScaleFault: Error, Hashable, Sendable {
    /// The bytes end before the value does.
    case ended(offset: Int, needed: Int)
    /// A compact integer takes more bytes than its value needs.
    case notMinimal(offset: Int)
    /// A number or length is over its limit.
    case tooLarge(offset: Int, limit: UInt64)
    /// The fields can be read, but together they make no such value.
    case invalid(offset: Int, what: String)
    /// Bytes are left after the last field.
    case trailing(count: Int)
}

extension ScaleFault: CustomStringConvertible {
    /// What is wrong, and where.
    package var description: String {
        switch self {
        case .ended(let offset, let needed):
            "the bytes end at offset \(offset), where \(needed) more are needed: they were cut short"
        case .notMinimal(let offset):
            "the integer at offset \(offset) is not in its shortest form: encode it canonically"
        case .tooLarge(let offset, let limit):
            "the number at offset \(offset) is over its limit of \(limit)"
        case .invalid(let offset, let what):
            "the fields up to offset \(offset) make no value: \(what)"
        case .trailing(let count):
            "\(count) bytes are left after the last field: remove them"
        }
    }
}
