using System;
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

    /// <summary>What the library says about keypoints, lines and classes. Asked once.</summary>
    public static unsafe class SapiensSkeleton
    {
        private static readonly Lazy<SapiensKeypointInfo[]> KeypointsOnce =
            new Lazy<SapiensKeypointInfo[]>(ReadKeypoints, LazyThreadSafetyMode.PublicationOnly);

        private static readonly Lazy<SapiensLinkInfo[]> LinksOnce =
            new Lazy<SapiensLinkInfo[]>(ReadLinks, LazyThreadSafetyMode.PublicationOnly);

        private static readonly Lazy<SapiensClassInfo[]> ClassesOnce =
            new Lazy<SapiensClassInfo[]>(ReadClasses, LazyThreadSafetyMode.PublicationOnly);

        public static IReadOnlyList<SapiensKeypointInfo> Keypoints
        {
            get { return KeypointsOnce.Value; }
        }

        public static IReadOnlyList<SapiensLinkInfo> Links
        {
            get { return LinksOnce.Value; }
        }

        public static IReadOnlyList<SapiensClassInfo> Classes
        {
            get { return ClassesOnce.Value; }
        }

        /// <summary>The keypoint of that name, or -1.</summary>
        public static int IndexOf(string name)
        {
            return Array.FindIndex(KeypointsOnce.Value, keypoint => keypoint.Name == name);
        }

        /// <summary>The first keypoint of the group whose name consists of these words, in any order, or -1.</summary>
        public static int Find(SapiensKeypointGroup group, params string[] words)
        {
            if (words == null)
            {
                throw new ArgumentNullException("words");
            }
            return Array.FindIndex(KeypointsOnce.Value, keypoint => keypoint.Group == group && ConsistsOf(keypoint.Name, words));
        }

        private static bool ConsistsOf(string name, string[] words)
        {
            string[] parts = name.Split('_', '-', ' ');
            return parts.Length == words.Length && Array.TrueForAll(words,
                word => Array.Exists(parts, part => string.Equals(part, word, StringComparison.OrdinalIgnoreCase)));
        }

        private static SapiensKeypointInfo[] ReadKeypoints()
        {
            SapiensLibrary.Check();
            uint count;
            Fault.Check(Native.sapiens_keypoint_count(out count));
            var all = new SapiensKeypointInfo[count];
            for (uint i = 0; i < count; i++)
            {
                var info = new NativeKeypointInfo { struct_size = (uint)sizeof(NativeKeypointInfo) };
                Fault.Check(Native.sapiens_keypoint(i, ref info));
                all[i] = new SapiensKeypointInfo
                {
                    Name = Utf8.Read(info.name), Flip = (int)info.flip, Group = (SapiensKeypointGroup)info.group,
                    Sigma = info.sigma, Color = Color(info.color),
                };
            }
            return all;
        }

        private static SapiensLinkInfo[] ReadLinks()
        {
            SapiensLibrary.Check();
            uint count;
            Fault.Check(Native.sapiens_link_count(out count));
            var all = new SapiensLinkInfo[count];
            for (uint i = 0; i < count; i++)
            {
                var info = new NativeLinkInfo { struct_size = (uint)sizeof(NativeLinkInfo) };
                Fault.Check(Native.sapiens_link(i, ref info));
                all[i] = new SapiensLinkInfo { From = (int)info.from, To = (int)info.to, Color = Color(info.color) };
            }
            return all;
        }

        private static SapiensClassInfo[] ReadClasses()
        {
            SapiensLibrary.Check();
            uint count;
            Fault.Check(Native.sapiens_class_count(out count));
            var all = new SapiensClassInfo[count];
            for (uint i = 0; i < count; i++)
            {
                var info = new NativeClassInfo { struct_size = (uint)sizeof(NativeClassInfo) };
                Fault.Check(Native.sapiens_class(i, ref info));
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
