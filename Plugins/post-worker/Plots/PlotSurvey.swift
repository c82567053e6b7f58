internal import Foundation
package import PostWorkerCore

/// What lies in some directories: plots in them, and in the folders directly below.
///
/// Looking changes nothing. A few labels of each plot are computed anew, so that damage and a wrong scrypt N are seen.
package struct PlotSurvey: Sendable {
    /// A directory that was looked into.
    package struct Root: Sendable {
        /// Where.
        package let path: String
        /// The disk; nil when it cannot be said.
        package let disk: String?
        /// Why it cannot be used; nil: it can.
        package let fault: String?
    }

    /// A plot's files in one directory.
    package struct Found: Sendable {
        /// Where.
        package let directory: String
        /// The disk; nil when it cannot be said.
        package let disk: String?
        /// What the metadata says; nil when it cannot be read.
        package internal(set) var metadata: PlotMetadata?
        /// The plot; nil when the metadata make none.
        package internal(set) var layout: PlotLayout?
        /// From the first file that is there to the last; nil: none.
        package internal(set) var files: Range<UInt64>?
        /// Whole labels that are there.
        package internal(set) var labels: UInt64 = 0
        /// Why it cannot be proved; nil: it can.
        package internal(set) var fault: String?
        /// Whether some labels were computed anew.
        package internal(set) var isProbed = false

        /// Labels of its files when they are whole.
        package var wanted: UInt64 {
            guard let layout, let files else { return 0 }
            return UInt64(layout.labels(of: files).count)
        }
    }

    /// The directories.
    package private(set) var roots: [Root] = []
    /// The plots, by directory.
    package private(set) var found: [Found] = []

    /// Nothing.
    package init() {}

    /// Looks.
    package init(_ paths: [String], scryptN: UInt32, provider: any LabelProvider = LabelProviders.expected) {
        for path in paths {
            let fault = PlotSurvey.fault(of: path)
            roots.append(Root(path: path, disk: PlotSurvey.disk(of: path), fault: fault))
            guard fault == nil else { continue }
            for directory in PlotSurvey.candidates(in: path) where found.count < WorkLimit.segments {
                found.append(PlotSurvey.look(into: directory, scryptN: scryptN, provider))
            }
        }
    }

    private static func fault(of path: String) -> String? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            return "\(path) is not there: mount its disk, or make the directory"
        }
        return access(path, R_OK | X_OK) == 0 ? nil : "\(path) cannot be read: check that this user may"
    }

    private static func disk(of path: String) -> String? { (try? PhysicalDisk(of: path))?.name }

    /// The directory and those below it that hold anything of a plot.
    private static func candidates(in path: String) -> [String] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        return ([path] + names.map { "\(path == "/" ? "" : path)/\($0)" }).filter { directory in
            if access("\(directory)/\(PlotMetadata.fileName)", F_OK) == 0 { return true }
            return directory != path && access("\(directory)/\(PlotLayout.name(of: 0))", F_OK) == 0
        }
    }

    private static func look(
        into path: String, scryptN: UInt32, _ provider: any LabelProvider
    ) -> Found {
        var found = Found(directory: path, disk: disk(of: path))
        do {
            found.metadata = try MetadataFile.read(in: path)
            found.layout = try found.metadata?.layout(scryptN: scryptN, directory: path)
            let directory = try PlotDirectory(path, scryptN: scryptN)
            let files = directory.listing.files
            if let first = files.first, let last = files.last { found.files = first..<last + 1 }
            found.labels = directory.listing.present(in: 0..<directory.layout.files)
            try directory.probe(.plot, by: provider)
            found.isProbed = true
            _ = try directory.segment()
        } catch {
            found.fault = "\(error)"
        }
        return found
    }

    /// The disk of the directory that has some files of a plot; nil when there is none.
    package func disk(of files: Range<UInt64>, layout: PlotLayout) -> String? {
        let same = found.filter { $0.layout == layout }
        let holder = same.first { place in
            guard let own = place.files else { return false }
            return own.lowerBound <= files.lowerBound && files.upperBound <= own.upperBound
        }
        return (holder ?? same.first)?.disk
    }

    /// Files of a plot, whole, wherever they are.
    ///
    /// - Throws: `WorkRefusal` when no directory holds them.
    package func segment(of files: Range<UInt64>, layout: PlotLayout) throws(WorkRefusal) -> PlotSegment {
        let same = found.filter { $0.layout == layout }
        var reason: String?
        for place in same {
            do throws(PlotFileFault) {
                // As it is now, not as it was when last looked at.
                let directory = try PlotDirectory(place.directory, scryptN: layout.plot.scryptN)
                try directory.metadata.check(isOf: layout, directory: place.directory)
                return try directory.listing.segment(of: files)
            } catch {
                reason = reason ?? error.description
            }
        }
        if let reason { throw WorkRefusal(reason) }
        let identity = found.first { $0.layout?.plot.identity == layout.plot.identity }
        if let other = identity?.layout {
            throw WorkRefusal(
                """
                this worker's plot of \(layout.plot.identity) has \(other.plot.units) units of \(other.plot.labelsPerUnit) labels, \
                scrypt N \(other.plot.scryptN), files of \(other.maxFileSize) bytes: the task asks for another plot
                """)
        }
        throw WorkRefusal(
            "no directory here holds \(PlotLayout.names(of: files)) of \(layout.plot.identity): rescan, then ask its holder"
        )
    }
}

/// Room on the file system of a path.
package struct DiskRoom: Sendable {
    /// All of it, in bytes.
    package let size: UInt64
    /// What this user may still write.
    package let free: UInt64

    /// - Returns: nil when it cannot be said.
    package init?(of path: String) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        size = UInt64(status.f_blocks) &* UInt64(status.f_frsize)
        free = UInt64(status.f_bavail) &* UInt64(status.f_frsize)
    }
}

extension AllowedDirectories {
    /// Checks that a directory is one of these or below, links followed, and that the disk of it is there.
    ///
    /// - Throws: `WorkRefusal`.
    package func check(_ directory: String) throws(WorkRefusal) {
        let parent = try parent(of: directory)
        guard let root = AllowedDirectories.real(parent) else {
            throw WorkRefusal("\(parent) is not there: mount its disk, or make the directory")
        }
        var place = directory
        while AllowedDirectories.real(place) == nil, place.count > parent.count {
            place = (place as NSString).deletingLastPathComponent
        }
        guard let real = AllowedDirectories.real(place), real == root || real.hasPrefix("\(root)/") else {
            throw WorkRefusal(
                "\(directory) leads out of \(parent) by a link: name the place itself under `plots:`")
        }
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
