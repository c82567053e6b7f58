import Foundation
import NodeConfiguration
import Testing

@Suite("The signer's file")
struct SignerFileTests {
    @Test("the shipped one is read whole, and says the defaults")
    func shipped() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try SignerFile.read(root.appendingPathComponent("config/signer.yaml").path)
        #expect(file.passphraseFile == "signer/passphrase")
        let paths = try NodePaths(data: "/d", run: "/r")
        #expect(file.passphrasePath(paths) == "/d/signer/passphrase")
        #expect(SignerFile().passphrasePath(paths) == "/d/signer/passphrase")
    }

    @Test("a path may be anywhere; faults come with line and cure")
    func faults() throws {
        let paths = try NodePaths(data: "/d", run: "/r")
        let file = try SignerFile.parse("passphrase_file: /media/words", file: "signer.yaml")
        #expect(file.passphrasePath(paths) == "/media/words")
        do {
            _ = try SignerFile.parse("passphrase_file: ''\npassphrase: x\n", file: "signer.yaml")
            Issue.record("faults were passed over")
        } catch let error as ConfigurationError {
            #expect(error.faults.map(\.line) == [1, 2])
            #expect(error.description.contains("`passphrase` is not known here"), "\(error)")
        }
    }
}
