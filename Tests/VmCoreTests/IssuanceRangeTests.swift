import Foundation
import Testing
import VmCore

/// Ten years of layers against Python's decimal arithmetic with 60 digits.
@Suite("Issuance of ten years")
struct IssuanceRangeTests {
    private static let layers = 1_051_201
    private static let script = """
        from decimal import Decimal, getcontext
        getcontext().prec = 60
        rate = (Decimal(5) / 4).ln() / 1051201
        total = Decimal(2250000000 * 10**9)
        print("\\n".join(str(int(total * (1 - (-rate * (i + 1)).exp()))) for i in range(1051201)))
        """

    @Test("every layer's sum is that of an independent computation with 60 digits")
    func everyLayer() throws {
        let python = Process()
        python.executableURL = URL(filePath: "/usr/bin/env")
        python.arguments = ["python3", "-c", Self.script]
        let pipe = Pipe()
        python.standardOutput = pipe
        try python.run()
        let text = try pipe.fileHandleForReading.readToEnd() ?? Data()
        python.waitUntilExit()
        var index: UInt64 = 0
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let sum = UInt64(String(decoding: line, as: UTF8.self))
            guard sum == Issuance.accumulated(index) else {
                Issue.record("index \(index): \(Issuance.accumulated(index)) against \(sum ?? 0)")
                return
            }
            index += 1
        }
        #expect(index == UInt64(Self.layers))
    }
}
