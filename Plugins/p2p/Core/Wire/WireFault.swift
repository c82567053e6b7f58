/// Why bytes of a stranger are not what they should be.
package enum WireFault: Error, Hashable, Sendable {
    /// They end before what they began.
    case ended(offset: Int)
    /// They are against a rule.
    case invalid(offset: Int, what: String)
    /// They say of something that it has more bytes, or pieces, than it may.
    case tooLarge(UInt64, limit: Int)
}

extension WireFault: CustomStringConvertible {
    /// One sentence.
    package var description: String {
        switch self {
        case .ended(let offset): "the bytes end at \(offset), in the middle of something"
        case .invalid(let offset, let what): "\(what), at byte \(offset)"
        case .tooLarge(let actual, let limit): "\(actual) is over the limit of \(limit)"
        }
    }
}
