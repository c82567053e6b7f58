internal import Foundation
internal import NodeDomain
internal import PostWorkerCore
internal import PostWorkerPlots
internal import Testing

@Suite("Metadata file")
struct MetadataFileTests {
    private let metadata = PlotMetadata(
        identity: .zero, commitmentATX: .largest, labelsPerUnit: 4_294_967_296, units: 4,
        maxFileSize: 4_294_967_296, nonce: 14_985_613_494, nonceValue: Array(0..<16), lastPosition: nil)

    @Test("byte for byte as the original's encoder writes it")
    func text() {
        #expect(
            MetadataFile.text(of: metadata) == """
                {
                \t"NodeId": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                \t"CommitmentAtxId": "//////////////////////////////////////////8=",
                \t"LabelsPerUnit": 4294967296,
                \t"NumUnits": 4,
                \t"MaxFileSize": 4294967296,
                \t"Nonce": 14985613494,
                \t"NonceValue": "000102030405060708090a0b0c0d0e0f"
                }
                """)
        var begun = metadata
        begun.nonce = nil
        begun.nonceValue = nil
        #expect(MetadataFile.text(of: begun).hasSuffix("\"MaxFileSize\": 4294967296\n}"))
        begun.lastPosition = .max
        begun.version = 1
        #expect(MetadataFile.text(of: begun).hasPrefix("{\n\t\"Version\": 1,\n\t\"NodeId\""))
        #expect(MetadataFile.text(of: begun).hasSuffix("\n\t\"LastPosition\": 18446744073709551615\n}"))
    }

    @Test("what is written is read again, and unknown fields are passed over")
    func read() throws {
        let text = MetadataFile.text(of: metadata)
        #expect(try MetadataFile.metadata(of: Array(text.utf8), directory: "D") == metadata)
        let more = text.replacing(
            "{\n", with: "{ \"Scrypt\": {\"N\": 8192}, \"Nonce2\": null,", maxReplacements: 1)
        #expect(try MetadataFile.metadata(of: Array(more.utf8), directory: "D") == metadata)
        let null = text.replacing("14985613494", with: "null").replacing(
            "\"000102030405060708090a0b0c0d0e0f\"", with: "\"\"")
        let begun = try MetadataFile.metadata(of: Array(null.utf8), directory: "D")
        #expect(begun.nonce == nil && begun.nonceValue == nil && begun.units == 4)
    }

    @Test("anything else is refused with its reason")
    func broken() throws {
        let text = MetadataFile.text(of: metadata)
        let cases = [
            ("", "no JSON"), ("[]", "no JSON"), (String(text.dropLast(9)), "no JSON"),
            (text.replacing("NumUnits", with: "Units"), "NumUnits is missing"),
            (text.replacing("\"NumUnits\": 4", with: "\"NumUnits\": -4"), "NumUnits"),
            (text.replacing("\"NumUnits\": 4", with: "\"NumUnits\": 4294967296"), "NumUnits"),
            (text.replacing("\"NumUnits\": 4", with: "\"NumUnits\": \"4\""), "NumUnits"),
            (text.replacing("14985613494", with: "1.5"), "Nonce"),
            (text.replacing("AAAA=\"", with: "AAA=\""), "NodeId"),
            (text.replacing("//8=\"", with: "//8\""), "CommitmentAtxId"),
            (text.replacing("0e0f", with: "0e"), "NonceValue"),
            (text.replacing("0e0f", with: "0ezz"), "NonceValue"),
        ]
        for (text, words) in cases {
            let fault = fault { _ = try MetadataFile.metadata(of: Array(text.utf8), directory: "D") }
            #expect(
                "\(fault.map { "\($0)" } ?? "none")".contains(words), "\(text): \(String(describing: fault))")
        }
        let folder = try PlotFolder()
        let path = "\(folder.path)/\(PlotMetadata.fileName)"
        #expect(try MetadataFile.read(in: folder.path) == nil)
        try String(repeating: " ", count: 70_000).write(toFile: path, atomically: true, encoding: .utf8)
        #expect(fault { _ = try MetadataFile.read(in: folder.path) } != nil)
    }

    @Test("whatever bytes stand there, they are read or refused")
    func mutated() throws {
        let text = Array(MetadataFile.text(of: metadata).utf8)
        var random = SystemRandomNumberGenerator()
        let pieces = ["18446744073709551615", "-1", "1e30", "null", "\"", "{", "0", "4294967295", ","].map {
            Array($0.utf8)
        }
        for _ in 0..<3000 {
            var bytes = text
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let end = min(place + Int.random(in: 0...12, using: &random), bytes.count)
                bytes.replaceSubrange(place..<end, with: pieces.randomElement(using: &random) ?? [])
            }
            do throws(PlotFileFault) {
                let read = try MetadataFile.metadata(of: bytes, directory: "D")
                let layout = try read.layout(scryptN: 2, directory: "D")
                let all = PlotSegment(directory: "D", layout: layout, files: 0..<layout.files)
                #expect(all.labels.upperBound == layout.plot.labels && all.bytes / 16 == layout.plot.labels)
                try read.check(isOf: layout, directory: "D")
            } catch {
                #expect(!"\(error)".isEmpty)
            }
        }
    }
}
