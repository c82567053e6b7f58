import Foundation
import Testing

/// A consumer that stands still harms nobody else.
@Suite("Stall", .serialized)
struct StallTests {
    struct Result: Decodable {
        let routerBytesPeak: Int
        let boundBytes: Int
        let leastKept: Double
    }

    @Test("one consumer stopped for 10 s: memory bounded, the others keep 90 % of their rate")
    func stopped() throws {
        let (_, output) = try Programs.run("BusRig", ["stall", "--json", "--seconds", "10"], timeout: 120)
        let line = try #require(
            output.split(separator: "\n").last { $0.hasPrefix("{") }, "the rig said: \(output.suffix(500))")
        print("stall: \(line)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let result = try decoder.decode(Result.self, from: Data(line.utf8))
        #expect(result.routerBytesPeak <= result.boundBytes)
        #expect(result.leastKept >= 0.9)
    }
}
