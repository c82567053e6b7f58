internal import Foundation

/// Prints a line at once, so that a pipe has it when it happens.
package func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// Says on standard error what is being done, or what went wrong.
package func note(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}

/// Prints a value as JSON with sorted keys.
///
/// - Throws: what the value's encoding throws.
package func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    say(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// A time for people.
package func timeText(seconds: Double) -> String {
    switch seconds {
    case ..<90: "\(Int(max(seconds, 0).rounded(.up))) s"
    case ..<5400: "\(Int((seconds / 60).rounded())) min"
    case ..<172_800: "\(Int((seconds / 3600).rounded())) h"
    default: "\(Int(min(seconds / 86_400, 1e9).rounded())) days"
    }
}
