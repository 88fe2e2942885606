using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>A colour, 0..255 per channel.</summary>
    public struct SapiensColorRgb
    {
        public byte R;
        public byte G;
        public byte B;
    }

    /// <summary>A keypoint, as the library describes it.</summary>
    public sealed class SapiensKeypointInfo
    {
        /// <summary>Left and right are those of the person.</summary>
        public string Name { get; internal set; }

        /// <summary>Which keypoint it becomes in the mirrored image.</summary>
        public int Flip { get; internal set; }

        public SapiensKeypointGroup Group { get; internal set; }

        /// <summary>Standard deviation of the annotation relative to the size of the person.</summary>
        public float Sigma { get; internal set; }

        public SapiensColorRgb Color { get; internal set; }
    }

    /// <summary>A line to draw between two keypoints.</summary>
    public struct SapiensLinkInfo
    {
        public int From;
        public int To;
        public SapiensColorRgb Color;
    }

    /// <summary>A class of the segmentation; its index is the value in map Labels.</summary>
    public sealed class SapiensClassInfo
    {
        public string Name { get; internal set; }

        /// <summary>Which class it becomes in the mirrored image.</summary>
        public int Flip { get; internal set; }

        public SapiensColorRgb Color { get; internal set; }
    }

    /// <summary>What the library says about keypoints, lines and classes. Asked once per set. Without a number the sets of
    /// Sapiens2; models of Sapiens v1 may have others.</summary>
    public static unsafe class SapiensSkeleton
    {
        private static readonly ConcurrentDictionary<int, SapiensKeypointInfo[]> KeypointSets =
            new ConcurrentDictionary<int, SapiensKeypointInfo[]>();

        private static readonly ConcurrentDictionary<int, SapiensLinkInfo[]> LinkSets =
            new ConcurrentDictionary<int, SapiensLinkInfo[]>();

        private static readonly ConcurrentDictionary<int, SapiensClassInfo[]> ClassSets =
            new ConcurrentDictionary<int, SapiensClassInfo[]>();

        private static readonly Lazy<int> KeypointCount = new Lazy<int>(CountKeypoints, LazyThreadSafetyMode.PublicationOnly);

        private static readonly Lazy<int> ClassCount = new Lazy<int>(CountClasses, LazyThreadSafetyMode.PublicationOnly);

        public static IReadOnlyList<SapiensKeypointInfo> Keypoints
        {
            get { return KeypointsOf(KeypointCount.Value); }
        }

        public static IReadOnlyList<SapiensLinkInfo> Links
        {
            get { return LinksOf(KeypointCount.Value); }
        }

        public static IReadOnlyList<SapiensClassInfo> Classes
        {
            get { return ClassesOf(ClassCount.Value); }
        }

        /// <summary>The keypoints of a pose of so many; none where that is no official set.</summary>
        public static IReadOnlyList<SapiensKeypointInfo> KeypointsOf(int count)
        {
            return KeypointSets.GetOrAdd(count, ReadKeypoints);
        }

        /// <summary>The lines between the keypoints of a pose of so many; none where that is no official set.</summary>
        public static IReadOnlyList<SapiensLinkInfo> LinksOf(int count)
        {
            return LinkSets.GetOrAdd(count, ReadLinks);
        }

        /// <summary>The classes of labels of so many; none where that is no official set.</summary>
        public static IReadOnlyList<SapiensClassInfo> ClassesOf(int count)
        {
            return ClassSets.GetOrAdd(count, ReadClasses);
        }

        /// <summary>The keypoint of a set that means the same place as one of another, or -1.</summary>
        public static int Counterpart(int from, int index, int to)
        {
            SapiensLibrary.Check();
            uint found;
            return Fault.Check(Native.sapiens_keypoint_counterpart((uint)from, (uint)index, (uint)to, out found)) ? (int)found : -1;
        }

        /// <summary>The keypoint of that name, or -1.</summary>
        public static int IndexOf(string name)
        {
            return Array.FindIndex((SapiensKeypointInfo[])Keypoints, keypoint => keypoint.Name == name);
        }

        /// <summary>The first keypoint of the group whose name consists of these words, in any order, or -1.</summary>
        public static int Find(SapiensKeypointGroup group, params string[] words)
        {
            if (words == null)
            {
                throw new ArgumentNullException("words");
            }
            return Array.FindIndex((SapiensKeypointInfo[])Keypoints, keypoint => keypoint.Group == group && ConsistsOf(keypoint.Name, words));
        }

        private static bool ConsistsOf(string name, string[] words)
        {
            string[] parts = name.Split('_', '-', ' ');
            return parts.Length == words.Length && Array.TrueForAll(words,
                word => Array.Exists(parts, part => string.Equals(part, word, StringComparison.OrdinalIgnoreCase)));
        }

        private static int CountKeypoints()
        {
            SapiensLibrary.Check();
            uint count;
            Fault.Check(Native.sapiens_keypoint_count(out count));
            return (int)count;
        }

        private static int CountClasses()
        {
            SapiensLibrary.Check();
            uint count;
            Fault.Check(Native.sapiens_class_count(out count));
            return (int)count;
        }

        private static SapiensKeypointInfo[] ReadKeypoints(int set)
        {
            SapiensLibrary.Check();
            var all = new SapiensKeypointInfo[set];
            for (uint i = 0; i < all.Length; i++)
            {
                var info = new NativeKeypointInfo { struct_size = (uint)sizeof(NativeKeypointInfo) };
                if (!Fault.Check(Native.sapiens_set_keypoint((uint)set, i, ref info)))
                {
                    return new SapiensKeypointInfo[0];
                }
                all[i] = new SapiensKeypointInfo
                {
                    Name = Utf8.Read(info.name), Flip = (int)info.flip, Group = (SapiensKeypointGroup)info.group,
                    Sigma = info.sigma, Color = Color(info.color),
                };
            }
            return all;
        }

        private static SapiensLinkInfo[] ReadLinks(int set)
        {
            SapiensLibrary.Check();
            uint count;
            if (!Fault.Check(Native.sapiens_set_link_count((uint)set, out count)))
            {
                return new SapiensLinkInfo[0];
            }
            var all = new SapiensLinkInfo[count];
            for (uint i = 0; i < count; i++)
            {
                var info = new NativeLinkInfo { struct_size = (uint)sizeof(NativeLinkInfo) };
                Fault.Check(Native.sapiens_set_link((uint)set, i, ref info));
                all[i] = new SapiensLinkInfo { From = (int)info.from, To = (int)info.to, Color = Color(info.color) };
            }
            return all;
        }

        private static SapiensClassInfo[] ReadClasses(int set)
        {
            SapiensLibrary.Check();
            var all = new SapiensClassInfo[set];
            for (uint i = 0; i < all.Length; i++)
            {
                var info = new NativeClassInfo { struct_size = (uint)sizeof(NativeClassInfo) };
                if (!Fault.Check(Native.sapiens_set_class((uint)set, i, ref info)))
                {
                    return new SapiensClassInfo[0];
                }
                all[i] = new SapiensClassInfo { Name = Utf8.Read(info.name), Flip = (int)info.flip, Color = Color(info.color) };
            }
            return all;
        }

        private static SapiensColorRgb Color(byte* rgb)
        {
            return new SapiensColorRgb { R = rgb[0], G = rgb[1], B = rgb[2] };
        }
    }
}
