using System;
using Unity.Collections;
using Unity.Collections.LowLevel.Unsafe;
using UnityEngine;

namespace Sapiens.Unity
{
    /// <summary>Shows a dense map of a <see cref="SapiensCamera"/> as a texture. Normals and points: RGBA floats in Unity's space of the
    /// camera, alpha 1 where there is a value. Labels: one byte, the index into <see cref="Palette"/>. Albedo and picture: RGBA
    /// bytes. Alpha, confidence and relative depth: one float. Made once per size; a frame costs no garbage.</summary>
    [AddComponentMenu("Sapiens/Sapiens Map Texture")]
    public sealed class SapiensMapTexture : MonoBehaviour
    {
        [SerializeField] private SapiensCamera sapiensCamera;
        [SerializeField] private SapiensMapKind kind = SapiensMapKind.Normals;
        [Tooltip("Person, from 0; -1: the whole image. Where a person has no map of its own, that of the image is taken.")]
        [SerializeField] private int person;
        [Tooltip("Gets the texture; may be empty.")]
        [SerializeField] private Renderer target;
        [SerializeField] private string property = "_MainTex";

        private SapiensCamera listened;
        private Texture2D texture;
        private Texture2D palette;
        private int classCount;

        /// <summary>The texture was made, or made anew with another size.</summary>
        public event Action<Texture2D> TextureCreated;

        /// <summary>Null before the first map.</summary>
        public Texture2D Texture
        {
            get { return texture; }
        }

        /// <summary>Frames since the one the map was made from.</summary>
        public int AgeFrames { get; private set; }

        /// <summary>From pixels of the map to those of the upright image.</summary>
        public SapiensAffine ImageFromMap { get; private set; }

        /// <summary>The library's colours of the classes of the model that was last shown, one pixel each.</summary>
        public Texture2D Palette
        {
            get
            {
                if (palette == null)
                {
                    var classes = SapiensSkeleton.ClassesOf(classCount);
                    classes = classes.Count > 0 ? classes : SapiensSkeleton.Classes;
                    palette = new Texture2D(classes.Count, 1, TextureFormat.RGBA32, false) { filterMode = FilterMode.Point };
                    for (int i = 0; i < classes.Count; i++)
                    {
                        palette.SetPixel(i, 0, classes[i].Color.ToColor32());
                    }
                    palette.Apply(false);
                }
                return palette;
            }
        }

        /// <summary>Shows another map, from the next result on.</summary>
        public void Show(SapiensCamera from, SapiensMapKind what, Renderer on, string textureProperty)
        {
            Ignore();
            sapiensCamera = from;
            kind = what;
            target = on;
            property = textureProperty;
            Forget();
            Listen();
        }

        private void OnEnable()
        {
            Listen();
        }

        private void OnDisable()
        {
            Ignore();
        }

        private void OnDestroy()
        {
            Forget();
            if (palette != null)
            {
                Destroy(palette);
            }
        }

        private void Listen()
        {
            if (isActiveAndEnabled && sapiensCamera != null && listened == null)
            {
                listened = sapiensCamera;
                listened.ResultReceived += OnResult;
            }
        }

        private void Ignore()
        {
            if (listened != null)
            {
                listened.ResultReceived -= OnResult;
                listened = null;
            }
        }

        private void Forget()
        {
            if (texture != null)
            {
                Destroy(texture);
                texture = null;
            }
        }

        private void OnResult(SapiensCamera from, SapiensResult result)
        {
            SapiensMap map;
            if (person >= result.Info.PersonCount || !result.TryGetMapOrScene(person, kind, out map))
            {
                return;
            }
            if (kind == SapiensMapKind.Labels && classCount != map.Classes)
            {
                classCount = map.Classes;
                Destroy(palette);
                palette = null;
            }
            AgeFrames = map.AgeFrames;
            ImageFromMap = map.ImageFromMap;
            if (texture == null || texture.width != map.Width || texture.height != map.Height)
            {
                Create(ref map);
            }
            Fill(ref map);
            texture.Apply(false);
        }

        private void Create(ref SapiensMap map)
        {
            Forget();
            bool isData = map.Channels == 1 || kind == SapiensMapKind.Normals || kind == SapiensMapKind.Points;
            texture = new Texture2D(map.Width, map.Height, FormatOf(ref map), false, isData)
            {
                name = "Sapiens " + kind,
                wrapMode = TextureWrapMode.Clamp,
                filterMode = kind == SapiensMapKind.Labels ? FilterMode.Point : FilterMode.Bilinear,
            };
            if (target != null)
            {
                target.material.SetTexture(property, texture);
            }
            if (TextureCreated != null)
            {
                TextureCreated(texture);
            }
        }

        private TextureFormat FormatOf(ref SapiensMap map)
        {
            switch (kind)
            {
                case SapiensMapKind.Normals:
                case SapiensMapKind.Points:
                    return TextureFormat.RGBAFloat;
                default:
                    if (map.Channels > 4)
                    {
                        throw new NotSupportedException("a map of kind " + kind + " is no picture; read it from the result");
                    }
                    return map.Channels > 1 ? TextureFormat.RGBA32
                        : map.Element == SapiensElement.U8 ? TextureFormat.R8 : TextureFormat.RFloat;
            }
        }

        private unsafe void Fill(ref SapiensMap map)
        {
            NativeArray<byte> raw = texture.GetRawTextureData<byte>();
            var to = (IntPtr)raw.GetUnsafePtr();
            switch (texture.format)
            {
                case TextureFormat.RGBAFloat:
                    UnitySpace.CopyVectors(ref map, to, raw.Length / sizeof(float));
                    break;
                case TextureFormat.RFloat:
                    SapiensMapCopy.ToFloats(ref map, to, raw.Length / sizeof(float), 1, true, 0);
                    break;
                case TextureFormat.R8:
                    SapiensMapCopy.ToBytes(ref map, to, raw.Length, 1, true, 0);
                    break;
                default:
                    SapiensMapCopy.ToBytes(ref map, to, raw.Length, 4, true, 255);
                    break;
            }
        }
    }
}
