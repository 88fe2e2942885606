// NOT UNITY. See UnityEngine.cs.
using System;
using System.Collections.Generic;
using Unity.Collections;

namespace UnityEngine
{
    public class Texture : Object
    {
        public int width { get; set; }
        public int height { get; set; }
        public FilterMode filterMode { get; set; }
        public TextureWrapMode wrapMode { get; set; }
    }

    public enum FilterMode { Point, Bilinear, Trilinear }
    public enum TextureWrapMode { Repeat, Clamp }
    public enum TextureFormat { RGBA32 = 4, RFloat = 18, RGBAFloat = 20, R8 = 63 }
    public enum RenderTextureFormat { ARGB32 }
    public enum RenderTextureReadWrite { Default, Linear, sRGB }
    public enum MeshTopology { Triangles = 0, Quads = 2, Lines = 3, LineStrip = 4, Points = 5 }

    public sealed class Texture2D : Texture
    {
        private readonly NativeArray<byte> raw;
        public Texture2D(int width, int height, TextureFormat format, bool mipChain) : this(width, height, format, mipChain, false) { }
        public Texture2D(int width, int height, TextureFormat format, bool mipChain, bool linear)
        {
            this.width = width;
            this.height = height;
            this.format = format;
            int size = format == TextureFormat.R8 ? 1 : format == TextureFormat.RGBAFloat ? 16 : 4;
            raw = new NativeArray<byte>(width * height * size, Allocator.Persistent);
        }
        public TextureFormat format { get; private set; }
        public NativeArray<T> GetRawTextureData<T>() where T : struct { return new NativeArray<T>(raw); }
        public void SetPixel(int x, int y, Color color) { }
        public void Apply(bool updateMipmaps) { }
    }

    public class RenderTexture : Texture
    {
        public RenderTexture(int width, int height, int depth, RenderTextureFormat format, RenderTextureReadWrite readWrite) { }
        public void Release() { }
    }

    public sealed class WebCamTexture : Texture
    {
        public WebCamTexture(string deviceName, int requestedWidth, int requestedHeight, int requestedFPS) { }
        public bool didUpdateThisFrame { get { return false; } }
        public int videoRotationAngle { get { return 0; } }
        public bool videoVerticallyMirrored { get { return false; } }
        public void Play() { }
        public void Stop() { }
    }

    public static class Graphics
    {
        public static void Blit(Texture source, RenderTexture dest) { }
    }

    public sealed class Shader : Object
    {
        public static Shader Find(string name) { return null; }
    }

    public class Material : Object
    {
        public Material(Shader shader) { }
        public void SetTexture(string name, Texture value) { }
        public void SetVector(string name, Vector4 value) { }
        public void SetColor(string name, Color value) { }
        public void SetFloat(string name, float value) { }
    }

    public class Renderer : Component
    {
        public Material material { get; set; }
        public Material sharedMaterial { get; set; }
    }

    public class MeshRenderer : Renderer { }

    public sealed class MeshFilter : Component
    {
        public Mesh sharedMesh { get; set; }
    }

    public sealed class Mesh : Object
    {
        public Rendering.IndexFormat indexFormat { get; set; }
        public Bounds bounds { get; set; }
        public void Clear() { }
        public void MarkDynamic() { }
        public void SetVertices(Vector3[] inVertices) { }
        public void SetColors(Color32[] inColors) { }
        public void SetIndices(int[] indices, MeshTopology topology, int submesh) { }
    }
}

namespace UnityEngine.Rendering
{
    public enum IndexFormat { UInt16, UInt32 }

    public struct AsyncGPUReadbackRequest
    {
        public bool done { get { return true; } }
        public bool hasError { get { return false; } }
    }

    public static class AsyncGPUReadback
    {
        public static AsyncGPUReadbackRequest RequestIntoNativeArray<T>(ref NativeArray<T> output, Texture src, int mipIndex,
            TextureFormat dstFormat, Action<AsyncGPUReadbackRequest> callback = null) where T : struct
        {
            return new AsyncGPUReadbackRequest();
        }

        public static void WaitAllRequests() { }
    }
}

namespace UnityEngine.LowLevel
{
    public struct PlayerLoopSystem
    {
        public delegate void UpdateFunction();
        public Type type;
        public PlayerLoopSystem[] subSystemList;
        public UpdateFunction updateDelegate;
    }

    public class PlayerLoop
    {
        private static PlayerLoopSystem current = new PlayerLoopSystem
        {
            subSystemList = new[] { new PlayerLoopSystem { type = typeof(UnityEngine.PlayerLoop.Update) } },
        };
        public static PlayerLoopSystem GetCurrentPlayerLoop() { return current; }
        public static void SetPlayerLoop(PlayerLoopSystem loop) { current = loop; }
    }
}

namespace UnityEngine.PlayerLoop
{
    public struct Update { }
}

namespace Unity.Collections
{
    public enum Allocator { Invalid, None, Temp, TempJob, Persistent }

    public struct NativeArray<T> : IDisposable where T : struct
    {
        internal readonly IntPtr Memory;
        public NativeArray(int length, Allocator allocator)
        {
            Memory = System.Runtime.InteropServices.Marshal.AllocHGlobal(length);
            Length = length;
        }
        internal NativeArray(NativeArray<byte> bytes)
        {
            Memory = bytes.Memory;
            Length = bytes.Length;
        }
        public int Length { get; private set; }
        public void Dispose() { System.Runtime.InteropServices.Marshal.FreeHGlobal(Memory); }
    }
}

namespace Unity.Collections.LowLevel.Unsafe
{
    public static unsafe class NativeArrayUnsafeUtility
    {
        public static void* GetUnsafePtr<T>(this NativeArray<T> nativeArray) where T : struct { return (void*)nativeArray.Memory; }
    }
}
